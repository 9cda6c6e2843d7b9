"""text-classification."""

from . import texts, tokenization
from .common import BERT, GPT2, ROBERTA, Fixture, case, each, labels

PAIRS = (
    {"text": texts.SHORT, "text_pair": "Who lives in Berlin?"},
    {"text": texts.ACCENTS, "text_pair": texts.CHINESE},
    {"text": texts.EMPTY, "text_pair": texts.SHORT},
    {"text": texts.SHORT, "text_pair": texts.EMPTY},
)
INPUTS = (
    *each(texts.TEXTS, top_k=None),
    *each(texts.BLANK, top_k=None),
    case(texts.SHORT),
    case(texts.SHORT, top_k=1),
    case(texts.SHORT, top_k=2),
    case(texts.SHORT, top_k=99),
    case([texts.SHORT, texts.RTL]),
    case([texts.SHORT]),
    case([texts.SHORT, texts.RTL], top_k=2),
    case([texts.SHORT], top_k=None),
    case(texts.SENTENCE, function_to_apply="sigmoid", top_k=None),
    case(texts.SENTENCE, function_to_apply="softmax", top_k=None),
    case(texts.SENTENCE, function_to_apply="none", top_k=None),
    case(texts.SENTENCE, function_to_apply="none"),
    case(texts.LONG, truncation=True, top_k=None),
    case(texts.LONG, truncation=True, max_length=10, top_k=None),
    case(texts.LONG, top_k=None),
    case(texts.TEN_THOUSAND, truncation=True, top_k=None),
    case(texts.ONE_WORD, truncation=True, top_k=None),
)
PAIR_INPUTS = (
    *((pair, {"top_k": None}) for pair in PAIRS),
    case(PAIRS[0]),
    case(list(PAIRS[:2])),
    case({"text": texts.LONG, "text_pair": texts.SENTENCE}, truncation=True, top_k=None),
    case({"text": texts.SHORT, "text_pair": texts.LONG}, truncation="only_second", top_k=None),
    case({"text": texts.LONG, "text_pair": texts.SHORT}, truncation="only_first", top_k=None),
)
FEELINGS = labels("joy", "anger", "fear", "surprise")

FIXTURES = [
    Fixture(
        "text-classification", "bert", "BertForSequenceClassification",
        {**BERT, **labels("negative", "neutral", "positive")}, 111,
        lambda: tokenization.bert(64), INPUTS + PAIR_INPUTS,
    ),
    Fixture(
        "text-classification", "roberta-multi", "RobertaForSequenceClassification",
        {**ROBERTA, **FEELINGS, "problem_type": "multi_label_classification"}, 112,
        lambda: tokenization.roberta(64), INPUTS + PAIR_INPUTS,
    ),
    Fixture(
        "text-classification", "bert-regression", "BertForSequenceClassification",
        {**BERT, "num_labels": 1, "problem_type": "regression"}, 113,
        lambda: tokenization.bert(64, do_lower_case=False), INPUTS[:15] + INPUTS[19:23],
    ),
    Fixture(
        "text-classification", "bert-one", "BertForSequenceClassification",
        {**BERT, "num_labels": 1}, 114,
        lambda: tokenization.bert(64), INPUTS[:3] + INPUTS[13:15] + INPUTS[19:24] + PAIR_INPUTS[:2],
    ),
    Fixture(
        "text-classification", "gpt2", "GPT2ForSequenceClassification",
        {**GPT2, **labels("negative", "neutral", "positive"), "pad_token_id": 0}, 115,
        lambda: tokenization.gpt2(64, pad_token="<|endoftext|>"), INPUTS[:24],
    ),
]
