"""The pipeline on a real Dagger engine: each function with good input, and with each kind of bad input."""
