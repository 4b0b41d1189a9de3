"""Tests of registries, without an engine."""
