"""zero-shot-classification."""

from . import texts, tokenization
from .common import BART, BERT, ROBERTA, Fixture, case, each, labels

TOPICS = ["politics", "food", "travel"]
MANY = [chr(ord("a") + index) for index in range(20)]

INPUTS = (
    *each(texts.TEXTS, candidate_labels=TOPICS),
    *each(texts.TEXTS[:8], candidate_labels=TOPICS, multi_label=True),
    case(texts.SENTENCE, candidate_labels="politics, food,travel ,, "),
    case(texts.SENTENCE, candidate_labels="food"),
    case(texts.SENTENCE, candidate_labels=["food"]),
    case(texts.SENTENCE, candidate_labels=["food", "travel", "food"]),
    case(texts.SENTENCE, candidate_labels=["été", "北京", "🎉", ""]),
    case(texts.SENTENCE, candidate_labels=MANY),
    case(texts.SENTENCE, candidate_labels=TOPICS, hypothesis_template="Das ist {}!"),
    case(texts.SENTENCE, candidate_labels=TOPICS, hypothesis_template="{}"),
    case(texts.SENTENCE, candidate_labels=TOPICS, hypothesis_template="{0}: {0}"),
    case(texts.SENTENCE, candidate_labels=TOPICS, hypothesis_template="{{x}} is {}."),
    case(texts.SENTENCE, candidate_labels=TOPICS, hypothesis_template="This is it."),
    case(texts.SENTENCE, candidate_labels=TOPICS, hypothesis_template="{} and {}"),
    case([texts.SHORT, texts.SENTENCE], candidate_labels=TOPICS),
    case([texts.SHORT], candidate_labels=TOPICS, multi_label=True),
    case(texts.TEN_THOUSAND, candidate_labels=TOPICS),
    case(texts.LONG, candidate_labels=[texts.SENTENCE, "food"]),
    case(texts.SHORT, candidate_labels=[texts.LONG, "food"]),
    case(texts.SPACES, candidate_labels=TOPICS),
    case(texts.EMPTY, candidate_labels=TOPICS),
    case(texts.SHORT, candidate_labels=[]),
    case(texts.SHORT, candidate_labels=" , "),
    case(texts.SHORT),
    case([], candidate_labels=TOPICS),
)
LOUD = (
    ("classifier.weight", 3.0), ("out_proj.weight", 3.0), ("word_embeddings.weight", 2.0),
)
LOUD_BART = (("out_proj.weight", 3.0), ("dense.weight", 3.0), ("fc2.weight", 3.0))
FIXTURES = [
    Fixture(
        "zero-shot-classification", "bert", "BertForSequenceClassification",
        {**BERT, **labels("contradiction", "neutral", "entailment")}, 141,
        lambda: tokenization.bert(64), INPUTS, scaled=LOUD,
    ),
    Fixture(
        "zero-shot-classification", "roberta", "RobertaForSequenceClassification",
        {**ROBERTA, **labels("ENTAILMENT", "NEUTRAL", "CONTRADICTION")}, 142,
        lambda: tokenization.roberta(64), INPUTS, scaled=LOUD,
    ),
    Fixture(
        "zero-shot-classification", "bart", "BartForSequenceClassification",
        {**BART, **labels("contradiction", "neutral", "entailment")}, 144,
        lambda: tokenization.roberta(64, name="Bart"), [*INPUTS[:12:2], *INPUTS[12::5]], scaled=LOUD_BART,
    ),
    Fixture(
        "zero-shot-classification", "unnamed", "BertForSequenceClassification",
        {**BERT, "num_labels": 3}, 143,
        lambda: tokenization.bert(64), INPUTS[9:14], scaled=LOUD,
    ),
]
