"""Attacks on a release, each run for real: none of them gets anything verified, applied or loaded."""
