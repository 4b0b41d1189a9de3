"""The report of a release, for people and for machines. No Dagger.

files     the files of a release's report, each rendered on its own
text      the report as text
page      the report as one HTML file, from the templates in templates/
timeline  the stages on one time axis
sarif     verdicts as SARIF
"""
