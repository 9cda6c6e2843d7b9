"""fill-mask."""

from . import texts, tokenization
from .common import BERT, ROBERTA, Fixture, case, each


def inputs(mask):
    """Every kind of text with a mask somewhere."""
    many = f"{mask} lives in {mask}, near the {mask}."
    long = f"{texts.LONG} {mask}"
    return (
        *each([f"{text} {mask}." for text in (*texts.TEXTS[2:8], texts.LINES)], top_k=2),
        case(f"Anna lives in {mask}."),
        case(f"Anna lives in{mask}."),
        case(f"   {mask}   "),
        case(mask, top_k=1),
        case(f"{mask} {texts.SENTENCE}", top_k=1),
        case(many),
        case(many, top_k=1),
        case(f"{mask}{mask}", top_k=2),
        case([f"Anna {mask}.", f"Peter moved from {mask} to Paris."], top_k=2),
        case([f"Anna {mask}."], top_k=2),
        case([f"{mask} is {mask}."], top_k=2),
        case([f"Anna {mask}.", f"{mask} and {mask}"], top_k=1),
        case(f"Anna lives in {mask}.", targets=["the", "in", "of"]),
        case(f"Anna lives in {mask}.", targets="in", top_k=3),
        case(f"Anna lives in {mask}.", targets=["Berlin", "the", "the", " of", "wonderful"]),
        case(f"Anna lives in {mask}.", targets=["a", "b", "c", "d", "e", "f", "g"]),
        case(f"{mask} lives in {mask}.", targets=["the", "of"], top_k=1),
        case(f"Anna lives in {mask}.", targets=[""]),
        case(f"Anna lives in {mask}.", targets=["", "the"]),
        case(f"{mask} {texts.LONG}", top_k=1, tokenizer_kwargs={"truncation": True}),
        case(f"{mask} {texts.LONG}", top_k=1),
        case(long, top_k=1, tokenizer_kwargs={"truncation": True}),
        case(f"{mask} {texts.SENTENCE}", top_k=1,
             tokenizer_kwargs={"truncation": True, "max_length": 12}),
        case(texts.SHORT),
        case(texts.EMPTY),
        case(texts.SPACES),
        case([]),
    )


FIXTURES = [
    Fixture(
        "fill-mask", "bert", "BertForMaskedLM", BERT, 101, lambda: tokenization.bert(64),
        inputs("[MASK]"),
    ),
    Fixture(
        "fill-mask", "bert-cased", "BertForMaskedLM", BERT, 102,
        lambda: tokenization.bert(64, do_lower_case=False), inputs("[MASK]")[:12],
    ),
    Fixture(
        "fill-mask", "roberta", "RobertaForMaskedLM", ROBERTA, 103,
        lambda: tokenization.roberta(64), inputs("<mask>"),
    ),
    Fixture(
        "fill-mask", "xlm-roberta", "XLMRobertaForMaskedLM", ROBERTA, 104,
        lambda: tokenization.xlm_roberta(64), inputs("<mask>")[:12],
    ),
]
