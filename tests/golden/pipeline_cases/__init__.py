"""The fixtures that pipelines.py writes: one entry per folder below pipelines/."""

from . import answers, classification, features, hypotheses, images, masks, tokens

TABLES = (masks, classification, tokens, answers, hypotheses, features, images)
FIXTURES = [fixture for table in TABLES for fixture in table.FIXTURES]

__all__ = ["FIXTURES"]
