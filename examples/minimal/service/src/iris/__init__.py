"""Which iris is it? The smallest service that Slipway takes from a commit to a release."""
