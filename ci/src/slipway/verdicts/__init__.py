"""What a gate concluded. No Dagger, no I/O.

verdict      status, findings, waivers, and what several verdicts mean together
report       verdicts as JSON, as a table, and as the message of a failed gate
tool_output  what a tool left, and the verdict made of it
"""
