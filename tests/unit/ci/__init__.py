"""What the module does besides its domain, without an engine."""
