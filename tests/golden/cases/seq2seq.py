"""Encoders with decoders."""

import torch

from .common import THREE_LABELS, Case, edit_tensors, in_turn, read_json, scaled, write_json

# --------------------------------------------------------------------------------- other layouts


def own_head(folder):
    """A separate output projection, which transformers 5 uses if the file has one."""

    def edit(tensors):
        generator = torch.Generator().manual_seed(0)
        shape = tensors["shared.weight"].shape
        return {**tensors, "lm_head.weight": 0.3 * torch.randn(shape, generator=generator)}

    edit_tensors(folder, edit)


def v4_untied(folder):
    """T5 1.1 and Flan in transformers 4: not tied, and therefore without the scale."""
    config = read_json(folder / "config.json")
    for key in ("classifier_dropout", "dtype", "is_decoder", "scale_decoder_outputs"):
        config.pop(key, None)
    config["tie_word_embeddings"] = False
    config["torch_dtype"] = "float32"
    config["transformers_version"] = "4.23.1"
    write_json(folder / "config.json", config)


# ---------------------------------------------------------------------------------- configurations


def t5(**config):
    size = dict(vocab_size=31, d_model=16, d_kv=6, d_ff=24, num_layers=2, num_heads=2)
    buckets = dict(relative_attention_num_buckets=8, relative_attention_max_distance=12)
    ids = dict(pad_token_id=0, eos_token_id=1, decoder_start_token_id=0)
    return {**size, **buckets, **ids, "layer_norm_epsilon": 1e-3, "dropout_rate": 0.0, **config}


def flan(**config):
    return t5(feed_forward_proj="gated-gelu", tie_word_embeddings=False, **config)


def bart(**config):
    size = dict(vocab_size=31, d_model=16, max_position_embeddings=16)
    encoder = dict(encoder_layers=2, encoder_ffn_dim=24, encoder_attention_heads=2)
    decoder = dict(decoder_layers=2, decoder_ffn_dim=24, decoder_attention_heads=2)
    # A decoder that starts with padding would exclude its row from the gradient.
    ids = dict(pad_token_id=1, bos_token_id=0, eos_token_id=2, decoder_start_token_id=2)
    none = dict(dropout=0.0, attention_dropout=0.0, encoder_layerdrop=0.0, decoder_layerdrop=0.0)
    return {**size, **encoder, **decoder, **ids, **none, "init_std": 0.25, **config}


def tiny_t5(**config):
    return t5(**{**dict(d_model=8, d_kv=4, d_ff=12, num_layers=1), **config})


def tiny_bart(**config):
    one = dict(encoder_layers=1, decoder_layers=1, encoder_ffn_dim=12, decoder_ffn_dim=12)
    return bart(**{**one, "d_model": 8, **config})


def transformer(**config):
    config = bart(layer_norm_eps=1e-3, activation_function="relu", scale_embedding=True, **config)
    del config["encoder_layerdrop"], config["decoder_layerdrop"]
    return config


# ---------------------------------------------------------------------------------------- contrasts

BUCKETS = {
    "a max distance of 16": {"relative_attention_max_distance": 16},
    "eps 1e-6": {"layer_norm_epsilon": 1e-6},
}
TANH_GELU = {"tanh GELU": {"activation_function": "gelu_new"}}
EPS = {"eps 1e-6": {"layer_norm_epsilon": 1e-6}}
SCALE = {"embeddings that are scaled": {"scale_embedding": True}}
NO_SCALE = {"embeddings that are not scaled": {"scale_embedding": False}}

KEY_BIAS = dict(inert=("k_proj.bias",))
SHORT = dict(lengths=(9, 7, 4))
LENGTHS = dict(lengths=(12, 9, 5), decoder_lengths=(7, 10, 4))
LONG = dict(lengths=(20, 13, 7), decoder_lengths=(8, 19, 12))
LOUDER = scaled(3.0, "fc2.weight")  # otherwise the two GELUs differ too little
GATED_LOUDER = scaled(2.0, "wo.weight")

CASES = [
    Case(
        "t5", "base", 501, t5(), "seq2seq", **LONG, train=True,
        differs={
            "GELU": {"feed_forward_proj": "gelu"},
            "states that are not scaled": {"tie_word_embeddings": False},
            **BUCKETS,
        },
    ),
    Case(
        "t5", "v1_1", 502, flan(), "seq2seq", **LONG, rewrite=in_turn(own_head, GATED_LOUDER),
        differs={
            "erf GELU": {"feed_forward_proj": "gated-gelu_python"},
            "states that are scaled": {"tie_word_embeddings": True},
            **BUCKETS,
        },
    ),
    Case(
        "t5", "v4_untied", 502, flan(), "seq2seq", **LONG, repeats="v1_1",
        rewrite=in_turn(own_head, GATED_LOUDER, v4_untied),
    ),
    Case(
        "t5", "sequence", 504, tiny_t5(**THREE_LABELS), "sequence", **SHORT, endings=(1,),
    ),
    Case("t5", "span", 505, tiny_t5(), "span", **SHORT, differs=EPS),
    Case("t5", "token", 506, tiny_t5(**THREE_LABELS), "token", **SHORT, differs=EPS),
    Case("t5", "encoder", 507, tiny_t5(), "encoder", **SHORT, differs=EPS),
    Case(
        "mt5", "sequence", 508, tiny_t5(feed_forward_proj="gated-gelu", **THREE_LABELS), "sequence",
        **SHORT, endings=(1,),
    ),
    Case(
        "mt5", "encoder", 542, tiny_t5(feed_forward_proj="gated-gelu"), "encoder",
        **SHORT, differs=EPS,
    ),
    Case(
        "mt5", "base", 503, t5(feed_forward_proj="gated-gelu"), "seq2seq", **LONG,
        rewrite=GATED_LOUDER, train=True,
        differs={"erf GELU": {"feed_forward_proj": "gated-gelu_python"}, **BUCKETS},
        equals={"words about the scale": {"tie_word_embeddings": False}},
    ),
    Case(
        "bart", "base", 511, bart(), "seq2seq", **LENGTHS, **KEY_BIAS, rewrite=LOUDER, train=True,
        differs={**TANH_GELU, "embeddings that are scaled": {"scale_embedding": True}},
    ),
    Case(
        "bart", "sequence", 531, tiny_bart(**THREE_LABELS), "sequence",
        **SHORT, **KEY_BIAS, endings=(2,), differs=SCALE,
    ),
    # Without padding, which affects the loss of a span, and gets no gradient in torch.
    Case("bart", "span", 532, tiny_bart(), "span", lengths=(7, 7, 7), **KEY_BIAS, differs=SCALE),
    Case(
        # A text ends with its language token, which is also the decoder's first token.
        "mbart", "sequence", 534, tiny_bart(scale_embedding=True, **THREE_LABELS), "sequence",
        lengths=(9, 7, 5), **KEY_BIAS, endings=(2, 30), differs=NO_SCALE,
    ),
    Case(
        "mbart", "base", 512, bart(scale_embedding=True, decoder_start_token_id=3), "seq2seq",
        **LENGTHS, **KEY_BIAS, rewrite=LOUDER, train=True,
        differs={**TANH_GELU, **NO_SCALE},
    ),
    Case(
        "pegasus", "base", 513, bart(
            scale_embedding=True, activation_function="relu", static_position_embeddings=True,
            pad_token_id=0, eos_token_id=1, bos_token_id=None,
        ),
        "seq2seq", **LENGTHS, **KEY_BIAS, train=True,
        differs={"GELU": {"activation_function": "gelu"}, **NO_SCALE},
    ),
    Case(
        "marian", "base", 514, bart(
            scale_embedding=True, activation_function="swish", static_position_embeddings=True,
            pad_token_id=30, eos_token_id=0, bos_token_id=None,
        ),
        "seq2seq", **LENGTHS, **KEY_BIAS, train=True,
        differs={"GELU": {"activation_function": "gelu"}, **NO_SCALE},
    ),
    Case(
        "m2m_100", "base", 515, bart(scale_embedding=True, activation_function="relu"), "seq2seq",
        **LENGTHS, **KEY_BIAS, train=True,
        differs={"GELU": {"activation_function": "gelu"}, **NO_SCALE},
    ),
    Case(
        "transformer", "base", 522, transformer(), "seq2seq", **LENGTHS, **KEY_BIAS, train=True,
        differs={
            "GELU": {"activation_function": "gelu"},
            "sines before cosines": {"interleaved_positions": False},
            "norms before the branches": {"norm_first": True},
            "eps 1e-6": {"layer_norm_eps": 1e-6},
            **NO_SCALE,
        },
    ),
]
