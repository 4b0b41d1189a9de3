"""The output of a tool read into a verdict, one module a tool.

Each has `read(output, context) -> Verdict`. A report that is missing, cut off, empty or not
understood, and a tool that crashed or saw nothing, is *not evaluated* with the reason; never
passed.
"""
