"""question-answering."""

from . import texts, tokenization
from .common import BART, BERT, ROBERTA, T5, Fixture

WHO = "Who lives in Berlin?"
WINDOWS = " ".join(texts.CORPUS[:5])
LONG_QUESTION = " ".join(texts.CORPUS[3:5])


def ask(context, question=WHO, **parameters):
    return {"question": question, "context": context}, parameters


INPUTS = (
    *(ask(text) for text in texts.TEXTS),
    *(ask(text, top_k=4) for text in texts.TEXTS),
    *(ask(text, top_k=3, align_to_words=False) for text in texts.TEXTS),
    ask(texts.SENTENCE, "北京? 🎉"),
    ask(texts.SENTENCE, "   Où?  "),
    ask(texts.SENTENCE, max_answer_len=1, top_k=5),
    ask(texts.SENTENCE, max_answer_len=3, top_k=2),
    ask(texts.SENTENCE, max_answer_len=200),
    ask(texts.SENTENCE, top_k=12),
    ask("Berlin", top_k=1),
    ask("Berlin BERLIN berlin Berlin", top_k=2),
    ask(texts.SHORT, handle_impossible_answer=True),
    ask(texts.SHORT, handle_impossible_answer=True, top_k=4),
    ask(texts.SHORT, handle_impossible_answer=True, top_k=4, align_to_words=False),
    ask(WINDOWS),
    ask(WINDOWS, top_k=8),
    ask(WINDOWS, doc_stride=8, top_k=4),
    ask(WINDOWS, doc_stride=0, top_k=4),
    ask(WINDOWS, doc_stride=16, max_seq_len=40, top_k=4),
    ask(WINDOWS, doc_stride=16, max_seq_len=40, top_k=4, padding="max_length"),
    ask(WINDOWS, doc_stride=8, max_seq_len=40, top_k=4, align_to_words=False),
    ask(WINDOWS, handle_impossible_answer=True, top_k=2),
    ask(WINDOWS, doc_stride=8, handle_impossible_answer=True, top_k=3, max_seq_len=40),
    ask(WINDOWS, max_question_len=2, top_k=2),
    ask(texts.SHORT, padding="max_length", top_k=2),
    ask(texts.TEN_THOUSAND, top_k=3),
    ask(texts.FAR_APART, top_k=3),
    ask(texts.ONE_WORD),
    ask(texts.SHORT, [WHO, "What is the capital of France?"]),
    ask([texts.SHORT, texts.SENTENCE], [WHO, "When?"], top_k=2),
    ask([texts.SHORT, texts.SENTENCE], [WHO]),
    ask(texts.SHORT, [WHO]),
    ask(texts.SHORT, []),
    ask(texts.SHORT, LONG_QUESTION),
    ask(texts.SENTENCE, LONG_QUESTION, max_seq_len=20),
    ask(texts.SENTENCE, doc_stride=62),
    ask(texts.SENTENCE, doc_stride=65),
    ask(texts.EMPTY),
    ask(texts.SHORT, ""),
    ask(texts.SPACES),
    ask(texts.SPACES, handle_impossible_answer=True),
    ask(texts.SHORT, "   "),
    ask(texts.SHORT, top_k=0),
    ask(texts.SHORT, max_answer_len=0),
)
LOUD = (("qa_outputs.weight", 3.0), ("word_embeddings.weight", 2.0))

FIXTURES = [
    Fixture(
        "question-answering", "bert", "BertForQuestionAnswering", BERT, 131,
        lambda: tokenization.bert(64), INPUTS, "v4", scaled=LOUD,
    ),
    Fixture(
        "question-answering", "roberta", "RobertaForQuestionAnswering", ROBERTA, 132,
        lambda: tokenization.roberta(64), INPUTS, "v4", scaled=LOUD,
    ),
    Fixture(
        "question-answering", "bart", "BartForQuestionAnswering", BART, 133,
        lambda: tokenization.roberta(64, name="Bart"), INPUTS[::5], "v4",
        scaled=(("qa_outputs.weight", 3.0), ("fc2.weight", 3.0)),
    ),
    Fixture(
        "question-answering", "t5", "T5ForQuestionAnswering", T5, 134,
        lambda: tokenization.t5(64), INPUTS[1::5], "v4",
        scaled=(("qa_outputs.weight", 3.0), ("wo.weight", 3.0)),
    ),
]
