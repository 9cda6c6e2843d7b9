"""Recurrent models."""

from .common import THREE_LABELS, Case

# ---------------------------------------------------------------------------------- configurations


def layers(model_type, head, **config):
    """Layers with the head of the given class."""
    name = {"lstm": "Lstm", "gru": "Gru"}[model_type] + head
    size = dict(vocab_size=31, embedding_dim=16, hidden_size=16, num_layers=2)
    more = dict(dropout=0.0, tie_word_embeddings=True, initializer_range=0.8)
    return {"architectures": [name], **size, **more, **config}


def causal(model_type, **config):
    return layers(model_type, "ForCausalLM", bidirectional=False, **config)


def classes(model_type, head, **config):
    return layers(model_type, head, bidirectional=True, **THREE_LABELS, **config)


def bahdanau(**config):
    size = dict(vocab_size=31, embedding_dim=16, hidden_size=16, encoder_layers=1, decoder_layers=1)
    ids = dict(pad_token_id=1, eos_token_id=2, decoder_start_token_id=2, is_encoder_decoder=True)
    more = dict(dropout=0.0, tie_word_embeddings=True, initializer_range=0.4, rnn_type="lstm")
    architectures = ["BahdanauForConditionalGeneration"]
    return {"architectures": architectures, **size, **ids, **more, **config}


UNTIED = dict(num_layers=1, embedding_dim=12, tie_word_embeddings=False)
SEQUENCE, TOKEN = "ForSequenceClassification", "ForTokenClassification"
LENGTHS = dict(lengths=(12, 9, 5), decoder_lengths=(7, 10, 4))

# Seeds with varied generated text.
SEEDS = {"lstm": (2501, 1502), "gru": (1011, 712)}


def cases(family):
    base, untied = SEEDS[family]
    model = layers(family, "Model", bidirectional=True)
    return [
        Case(family, "base", base, causal(family), train=True, generate=True),
        Case(family, "untied", untied, causal(family, **UNTIED), generate=True),
        Case(family, "sequence", 603, classes(family, SEQUENCE), "sequence", train=True),
        Case(family, "token", 604, classes(family, TOKEN, embedding_dim=10), "token"),
        Case(family, "backbone", 605, model, "backbone"),
    ]


CASES = [
    *cases("lstm"),
    *cases("gru"),
    Case("bahdanau", "base", 621, bahdanau(), "seq2seq", **LENGTHS, train=True),
    Case(
        "bahdanau", "gru", 622,
        bahdanau(
            rnn_type="gru", encoder_layers=2, decoder_layers=2, embedding_dim=12,
            tie_word_embeddings=False,
        ),
        "seq2seq", **LENGTHS, train=True,
    ),
]
