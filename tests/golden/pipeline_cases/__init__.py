"""The fixtures that pipelines.py writes: one entry per folder below pipelines/."""

from . import classification, masks, tokens

FIXTURES = [*masks.FIXTURES, *classification.FIXTURES, *tokens.FIXTURES]

__all__ = ["FIXTURES"]
