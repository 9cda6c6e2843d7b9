"""feature-extraction."""

from . import texts, tokenization
from .common import BERT, Fixture, case

INPUTS = (
    case(texts.SHORT),
    case(texts.EMPTY),
    case(texts.EMOJI),
    case([texts.SHORT, texts.RTL]),
    case([texts.SHORT]),
    case(texts.TEN_THOUSAND, truncation=True),
    case(texts.SENTENCE, tokenize_kwargs={"truncation": True, "max_length": 5}),
    case(texts.SENTENCE, tokenize_kwargs={"add_special_tokens": False}),
    case(texts.LONG),
)
FIXTURES = [
    Fixture(
        "feature-extraction", "bert", "BertModel", BERT, 151, lambda: tokenization.bert(64), INPUTS,
    ),
]
