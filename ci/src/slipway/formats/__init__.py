"""Other formats, read strictly and written deterministically. No Dagger, no I/O.

fields          JSON, read by name and type
times           RFC 3339
timings         stage times and their critical path
writable        text that UTF-8, JSON, XML and HTML can carry
protobuf        protobuf messages as records
plan_bits       a saved plan without the time of day in it
redact          a plan without its sensitive values
diagnostics     errors of OpenTofu and Terraform
osv             advisories of local databases
weights         files of models by their content
pickles         pickles, disassembled and never loaded
pickle_opcodes  a pickle's opcodes one by one
pickle_machine  what these opcodes would import
archives        which compression or archive bytes begin with
"""
