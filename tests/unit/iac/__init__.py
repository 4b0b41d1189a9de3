"""Tests of infrastructure engines, without an engine of Dagger."""
