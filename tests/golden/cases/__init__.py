"""The fixtures that generate.py writes: one entry per case, one per rope parameter set.

A new family is one more entry in a table. Sizes are chosen so that a case stays near 100 kB.
"""

from . import decoders, encoders, recurrent, seq2seq, vision
from .rope import DYNAMIC_LENGTHS, ROPES

CASES = [*decoders.CASES, *encoders.CASES, *vision.CASES, *seq2seq.CASES, *recurrent.CASES]

__all__ = ["CASES", "DYNAMIC_LENGTHS", "ROPES"]
