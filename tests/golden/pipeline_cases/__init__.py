"""The fixtures that pipelines.py writes: one entry per folder below pipelines/."""

from . import (
    answers, classification, features, generation, hypotheses, images, masks, seq2seq, templates,
    tokens,
)

TABLES = (
    masks, classification, tokens, answers, hypotheses, features, images, generation, seq2seq,
    templates,
)
FIXTURES = [fixture for table in TABLES for fixture in table.FIXTURES]

__all__ = ["FIXTURES"]
