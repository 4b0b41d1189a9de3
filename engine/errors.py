"""The one error of this package: a sentence for the person who typed the command."""

from __future__ import annotations


class EngineError(Exception):
    """Something a person can act on: what happened, where, and what to type next."""
