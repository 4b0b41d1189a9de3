"""Programs that a person or CI runs: bounds, a look from outside, refusals taken out, the numbers of the code."""
