"""Tests of signers, without an engine."""
