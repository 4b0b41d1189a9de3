"""The report of a release, for people and for machines. No Dagger.

text      the report as text
page      the report as one HTML file
timeline  the stages on one axis of time
style     the page's style sheet
sarif     verdicts as SARIF
"""
