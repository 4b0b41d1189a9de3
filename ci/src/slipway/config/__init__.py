"""slipway.yaml, and how YAML is read. No Dagger, no I/O.

project   slipway.yaml as values
sections  the keys of a file, with every problem gathered
yamltext  YAML as nodes with their places
"""
