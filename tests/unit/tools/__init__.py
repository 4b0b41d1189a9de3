"""Tests of what stands in tests/tools."""
