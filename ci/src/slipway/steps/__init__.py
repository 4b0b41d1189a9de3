"""Programs that run inside stage containers, on a stock Python, with the standard library only.

They do what a shell script would do elsewhere, but are typed, tested and quote nothing: `stage` runs one
step and writes down how it went, `assemble` writes layers and OCI layouts, `publish` runs lists of commands
against a registry, `smoke` asks a started service and compares its answers, `tee` keeps a service's log.
"""
