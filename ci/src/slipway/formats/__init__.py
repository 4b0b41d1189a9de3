"""Other formats, read strictly and written deterministically. No Dagger, no I/O.

fields       JSON, read by name and type
times        RFC 3339
timings      stage times and their critical path
writable     text that UTF-8, JSON, XML and HTML can carry
protobuf     protobuf messages as records
plan_bits    a saved plan without the time of day in it
derived      values that a plan derives from sensitive ones
redact       a plan without its sensitive values
diagnostics  errors of OpenTofu and Terraform
weights      files of models by their content
pickles      pickles, disassembled and never loaded
"""
