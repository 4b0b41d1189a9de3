"""slipway.yaml, and how YAML is read. No Dagger, no I/O.

keys          the kinds of keys that a file declares
project       slipway.yaml as values
project_keys  the keys of slipway.yaml
schemas       JSON Schemas from the declared keys
sections      the keys of a file, with every problem gathered
text_formats  what texts look like
yamltext      YAML as nodes with their places
"""
