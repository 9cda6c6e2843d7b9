"""token-classification."""

from . import texts, tokenization
from .common import BERT, ROBERTA, T5, Fixture, case, labels

ENTITIES = labels("O", "B-PER", "I-PER", "B-LOC", "I-LOC")
ODD = (
    texts.SENTENCE, texts.ACCENTS, texts.DECOMPOSED, texts.EMOJI, texts.CHINESE, texts.RTL,
    texts.PUNCTUATION,
)
REST = (texts.SHORT, texts.PADDED, texts.LINES, texts.LONG_WORD)
STRATEGIES = ("none", "simple", "first", "average", "max")
# A few hundred tokens.
WINDOWS = " ".join(texts.CORPUS[:3])

# Scaled, so that every label occurs; O has a bias.
LOUD = (("classifier.weight", 3.0), ("word_embeddings.weight", 2.0))


def mostly_outside(folder, model, tokenizer):
    model.classifier.bias.data[0] += 2.5


INPUTS = (
    *((text, {"aggregation_strategy": how}) for how in STRATEGIES for text in ODD),
    *((text, {"aggregation_strategy": how}) for how in STRATEGIES[:3] for text in texts.BLANK),
    *((text, {"aggregation_strategy": "simple"}) for text in REST),
    case(texts.SHORT),
    case([texts.SHORT, texts.RTL]),
    case([texts.SHORT], aggregation_strategy="simple"),
    case([texts.SHORT, texts.EMPTY, texts.RTL], aggregation_strategy="first"),
    case(texts.SENTENCE, ignore_labels=[]),
    case(texts.SHORT, ignore_labels=["B-PER", "I-PER"]),
    case(texts.SENTENCE, aggregation_strategy="simple", ignore_labels=[]),
    case(texts.SENTENCE, aggregation_strategy="simple", ignore_labels=["PER"]),
    case(texts.SENTENCE, aggregation_strategy="simple", ignore_labels=["O", "B-LOC", "LOC"]),
    case(texts.SENTENCE, aggregation_strategy="average", ignore_labels=[]),
    case(["Anna", "lives", "in", "São Paulo", "."], is_split_into_words=True,
         aggregation_strategy="simple"),
    case(["Anna", "lives", "in", "Berlin", "."], is_split_into_words=True, delimiter="--"),
    case(texts.LONG, aggregation_strategy="simple"),
    case(texts.TEN_THOUSAND, aggregation_strategy="first"),
    case(texts.ONE_WORD, aggregation_strategy="simple"),
    case(texts.SHORT, stride=8, aggregation_strategy="simple"),
    case(WINDOWS, stride=0, aggregation_strategy="simple", ignore_labels=["O", "LOC"]),
    case(WINDOWS, stride=8, aggregation_strategy="simple"),
    case(WINDOWS, stride=20, aggregation_strategy="first"),
    case(WINDOWS, stride=8, aggregation_strategy="average"),
    case(WINDOWS, stride=8, aggregation_strategy="max", ignore_labels=["LOC"]),
    case(texts.FAR_APART, aggregation_strategy="simple"),
    case(texts.FAR_APART, stride=16, aggregation_strategy="first"),
    case([WINDOWS, texts.SHORT], stride=12, aggregation_strategy="max"),
    case(texts.EMPTY, stride=8, aggregation_strategy="simple"),
    case(WINDOWS, stride=8, aggregation_strategy="none"),
    case(WINDOWS, stride=61, aggregation_strategy="simple", ignore_labels=["O", "LOC"]),
    case(WINDOWS, stride=64, aggregation_strategy="simple"),
    case([]),
)


def without(text):
    """Every space is a token, so many spaces are many windows."""
    return tuple(case for case in INPUTS if case[0] is not text)


FIXTURES = [
    Fixture(
        "token-classification", "bert", "BertForTokenClassification", {**BERT, **ENTITIES}, 121,
        lambda: tokenization.bert(64), INPUTS, scaled=LOUD, prepare=mostly_outside,
    ),
    Fixture(
        "token-classification", "bert-cased", "BertForTokenClassification", {**BERT, **ENTITIES},
        122, lambda: tokenization.bert(64, do_lower_case=False), INPUTS[:41:2],
        scaled=LOUD, prepare=mostly_outside,
    ),
    Fixture(
        "token-classification", "roberta", "RobertaForTokenClassification",
        {**ROBERTA, **ENTITIES}, 123,
        lambda: tokenization.roberta(64, add_prefix_space=True), without(texts.FAR_APART),
        scaled=LOUD, prepare=mostly_outside,
    ),
    Fixture(
        "token-classification", "t5", "T5ForTokenClassification", {**T5, **ENTITIES}, 125,
        lambda: tokenization.t5(64), INPUTS[:41:3], "v4",
        scaled=(("classifier.weight", 3.0), ("wo.weight", 3.0)), prepare=mostly_outside,
    ),
    Fixture(
        "token-classification", "xlm-roberta", "XLMRobertaForTokenClassification",
        {**ROBERTA, **ENTITIES}, 124, lambda: tokenization.xlm_roberta(64), INPUTS,
        scaled=LOUD, prepare=mostly_outside,
    ),
]
