"""Encoders, and heads on them."""

import torch

from .common import (
    THREE_LABELS, Case, edit_tensors, eps, in_turn, read_json, scaled, write_json,
)

# ---------------------------------------------------------------------------------- older layouts


def v4_gamma(folder):
    """bert-base-uncased on the hub: gamma, beta, a buffer, copies, and other heads."""
    config = read_json(folder / "config.json")
    later = {"add_cross_attention", "bos_token_id", "classifier_dropout", "dtype", "eos_token_id"}
    later |= {"is_decoder", "tie_word_embeddings", "transformers_version", "use_cache"}
    config = {key: value for key, value in config.items() if key not in later}
    write_json(folder / "config.json", config)

    def edit(tensors):
        generator = torch.Generator().manual_seed(0)
        width = config["hidden_size"]
        draw = lambda *shape: torch.randn(shape, generator=generator)
        old = {
            key.replace("LayerNorm.weight", "LayerNorm.gamma")
            .replace("LayerNorm.bias", "LayerNorm.beta"): tensor
            for key, tensor in tensors.items()
        }
        return {
            **old,
            "bert.embeddings.position_ids": torch.arange(config["max_position_embeddings"])[None],
            "bert.pooler.dense.weight": draw(width, width),
            "bert.pooler.dense.bias": draw(width),
            "cls.predictions.decoder.weight": old["bert.embeddings.word_embeddings.weight"].clone(),
            "cls.predictions.decoder.bias": old["cls.predictions.bias"].clone(),
            "cls.seq_relationship.weight": draw(2, width),
            "cls.seq_relationship.bias": draw(2),
        }

    edit_tensors(folder, edit)


def v4_thetas(folder):
    """ModernBERT in transformers 4.48: two thetas, and a period instead of layer types."""
    config = read_json(folder / "config.json")
    for key in ("dtype", "layer_types", "tie_word_embeddings"):
        config.pop(key, None)
    rope = config.pop("rope_parameters")
    config["global_rope_theta"] = rope["full_attention"]["rope_theta"]
    config["local_rope_theta"] = rope["sliding_attention"]["rope_theta"]
    config["position_embedding_type"] = "absolute"  # without any effect
    config["torch_dtype"] = "float32"
    config["transformers_version"] = "4.48.0"
    write_json(folder / "config.json", config)


# ---------------------------------------------------------------------------------- configurations

NO_DROPOUT = dict(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
SMALL = dict(
    vocab_size=29, hidden_size=16, intermediate_size=24, num_hidden_layers=1, num_attention_heads=2
)
TINY = dict(
    vocab_size=17, hidden_size=8, intermediate_size=12, num_hidden_layers=1, num_attention_heads=2
)
# With a larger vocabulary.
WORDY = {**TINY, "vocab_size": 29}
NUMBERS = dict(layer_norm_eps=1e-3, initializer_range=0.3)
NO_PADDING = dict(pad_token_id=None)  # a padding id would exclude its row from the gradient


def bert(**config):
    size = dict(vocab_size=41, hidden_size=24, intermediate_size=40, num_hidden_layers=2)
    heads = dict(num_attention_heads=3, max_position_embeddings=16)
    return {**size, **heads, **NUMBERS, **NO_DROPOUT, **config}


def small_bert(**config):
    return bert(**{**SMALL, **NO_PADDING, **config})


def roberta(**config):
    return bert(**{"type_vocab_size": 1, "max_position_embeddings": 16, **config})


def small_roberta(**config):
    return roberta(**{**SMALL, **config})


def tiny_ernie():
    return bert(**{**TINY, **WORDY, "use_task_id": True})


def tiny_roberta(**config):
    return roberta(**{**TINY, "max_position_embeddings": 14, **config})


def distilbert(**config):
    size = dict(vocab_size=41, dim=24, hidden_dim=40, n_layers=2, n_heads=3)
    none = dict(dropout=0.0, attention_dropout=0.0, qa_dropout=0.0, seq_classif_dropout=0.0)
    more = dict(max_position_embeddings=16, initializer_range=0.3)
    return {**size, **none, **more, **NO_PADDING, **config}


def small_distilbert(**config):
    return distilbert(vocab_size=29, dim=16, hidden_dim=24, n_layers=1, n_heads=2, **config)


def albert(**config):
    return bert(**{"embedding_size": 16, "classifier_dropout_prob": 0.0, **NO_PADDING, **config})


def electra(**config):
    return bert(**{"embedding_size": 16, "summary_last_dropout": 0.0, **NO_PADDING, **config})


def mpnet(**config):
    # transformers uses 32 buckets, whatever the config.
    return bert(**{"max_position_embeddings": 24, **config})


def modernbert(**config):
    size = dict(vocab_size=41, hidden_size=16, intermediate_size=14, num_hidden_layers=4)
    ids = dict(pad_token_id=None, bos_token_id=1, eos_token_id=2, cls_token_id=1, sep_token_id=2)
    window = dict(local_attention=6, global_attn_every_n_layers=3, num_attention_heads=2)
    rope = dict(rope_parameters=thetas(1000.0, 30.0))
    numbers = dict(norm_eps=1e-3, initializer_range=0.3, max_position_embeddings=64)
    return {**size, **ids, **window, **rope, **numbers, **config}


def small_modernbert(**config):
    """One layer of each kind."""
    return modernbert(vocab_size=29, intermediate_size=12, num_hidden_layers=2, **config)


def thetas(of_all, local):
    return {
        "full_attention": {"rope_type": "default", "rope_theta": of_all},
        "sliding_attention": {"rope_type": "default", "rope_theta": local},
    }


def deberta(**config):
    """Version 3."""
    relative = dict(
        relative_attention=True, position_buckets=6, max_relative_positions=-1,
        norm_rel_ebd="layer_norm", share_att_key=True, pos_att_type=["p2c", "c2p"],
        position_biased_input=False, type_vocab_size=0, max_position_embeddings=24,
    )
    head = dict(legacy=False, pooler_dropout=0.0, cls_dropout=0.0)
    return bert(**{**relative, **head, **NO_PADDING, **config})


def tiny_deberta(**config):
    return deberta(**{**TINY, **config})


# ---------------------------------------------------------------------------------------- contrasts

TANH_GELU = {"tanh GELU": {"hidden_act": "gelu_new"}}
ERF_GELU = {"erf GELU": {"hidden_act": "gelu"}}
EPS = eps("layer_norm_eps")
WINDOWS = {
    "a window of 4": {"local_attention": 4},
    "a window of 8": {"local_attention": 8},
    "no window": {"layer_types": ["full_attention"] * 4},
    "windows in other layers": {"layer_types": ["sliding_attention", "full_attention"] * 2},
}
THETAS = {
    "one theta": {"rope_parameters": thetas(1000.0, 1000.0)},
    "the other theta": {"rope_parameters": thetas(30.0, 1000.0)},
}
BUCKETS = {
    "a longest distance of 40": {"max_relative_positions": 40},
    "no p2c": {"pos_att_type": ["c2p"]},
    "no c2p": {"pos_att_type": ["p2c"]},
}

LENGTHS = dict(lengths=(12, 9, 5))
SHORT = dict(lengths=(9, 7, 4))
LONG = dict(lengths=(20, 13, 7))
MEDIUM = dict(lengths=(13, 8, 5))
KEY_BIAS = dict(inert=("key.bias",))

# Otherwise six blocks make all tokens of a row similar, and attention cannot select among them.
QUIET_BRANCHES = scaled(0.4, "attention.dense.weight", "ffn_output.weight")
LOUD_SCORES = scaled(2.0, "query.weight", "key.weight")

BERT = [
    Case(
        "bert", "base", 301, bert(), "masked", **LENGTHS, **KEY_BIAS, train=True,
        differs={**TANH_GELU, **EPS},
    ),
    Case(
        "bert", "v4_gamma", 301, bert(), "masked", **LENGTHS, repeats="base", rewrite=v4_gamma,
        # If the two copies of the decoder's bias differ, transformers uses the other one.
        inert=("key.bias", "cls.predictions.bias"),
        unused=("position_ids", "pooler.dense.weight", "pooler.dense.bias", "relationship.weight",
                "relationship.bias"),
    ),
    Case(
        "bert", "backbone", 302, small_bert(), "backbone", **LENGTHS, **KEY_BIAS, differs=EPS,
    ),
    Case(
        "bert", "sequence", 303, small_bert(**THREE_LABELS), "sequence",
        **LENGTHS, **KEY_BIAS, differs=EPS,
    ),
    Case(
        "bert", "token", 304, small_bert(**THREE_LABELS), "token",
        **LENGTHS, **KEY_BIAS, differs=EPS,
    ),
    Case("bert", "span", 305, small_bert(), "span", **LENGTHS, **KEY_BIAS, differs=EPS),
    Case("bert", "choice", 306, small_bert(**WORDY), "choice", **SHORT, **KEY_BIAS),
    Case("bert", "next", 307, small_bert(**WORDY), "next", **SHORT, **KEY_BIAS, differs=EPS),
    Case(
        "bert", "pretraining", 308, small_bert(**WORDY), "pretraining",
        **SHORT, **KEY_BIAS, differs=EPS,
    ),
]

ROBERTA = [
    Case(
        "roberta", "base", 311, roberta(), "masked", **LENGTHS, **KEY_BIAS, train=True,
        differs={**TANH_GELU, **EPS},
    ),
    Case(
        "roberta", "sequence", 312, small_roberta(**THREE_LABELS), "sequence",
        **LENGTHS, **KEY_BIAS, differs=EPS,
    ),
    Case(
        "roberta", "choice", 315, small_roberta(**WORDY), "choice",
        **SHORT, **KEY_BIAS, differs=EPS,
    ),
    Case(
        "xlm-roberta", "base", 313, roberta(), "masked", **LENGTHS, **KEY_BIAS, train=True,
        differs={**TANH_GELU, **EPS},
    ),
    Case(
        "xlm-roberta", "token", 314, small_roberta(**THREE_LABELS), "token",
        **LENGTHS, **KEY_BIAS, differs=EPS,
    ),
]

# RoBERTa under other names; sweep.py compares their other heads.
ALIASES = [
    Case(
        "camembert", "base", 381, tiny_roberta(), "masked", **SHORT, **KEY_BIAS, train=True,
        differs=EPS,
    ),
    Case(
        "data2vec-text", "base", 383, tiny_roberta(), "masked", **SHORT, **KEY_BIAS, train=True,
        differs=EPS,
    ),
    Case("data2vec-text", "choice", 384, tiny_roberta(), "choice", **SHORT, **KEY_BIAS),
]

ERNIE = [
    Case(
        "ernie", "base", 385,
        bert(**{**TINY, **NO_PADDING, "max_position_embeddings": 10, "use_task_id": True}),
        "masked", **SHORT, **KEY_BIAS, train=True, differs=EPS,
    ),
    Case("ernie", "choice", 387, tiny_ernie(), "choice", **SHORT, **KEY_BIAS),
    Case("ernie", "next", 388, tiny_ernie(), "next", **SHORT, **KEY_BIAS),
    Case(
        "ernie", "pretraining", 386, tiny_ernie(), "pretraining",
        **SHORT, **KEY_BIAS, differs=EPS,
    ),
]

DISTILBERT = [
    Case(
        "distilbert", "base", 321, distilbert(), "masked",
        **LENGTHS, inert=("k_lin.bias",), train=True,
        differs={"tanh GELU": {"activation": "gelu_new"}},
    ),
    Case(
        "distilbert", "sequence", 322, small_distilbert(**THREE_LABELS), "sequence",
        **LENGTHS, inert=("k_lin.bias",),
    ),
    Case(
        "distilbert", "span", 323, small_distilbert(), "span", **LENGTHS, inert=("k_lin.bias",),
    ),
    Case(
        "distilbert", "choice", 324,
        distilbert(vocab_size=29, dim=8, hidden_dim=12, n_layers=1, n_heads=2), "choice",
        **SHORT, inert=("k_lin.bias",),
    ),
]

TINY_ALBERT = {**WORDY, "num_hidden_layers": 2, "embedding_size": 6}

ALBERT = [
    Case(
        "albert", "base", 331, albert(num_hidden_layers=3), "masked",
        **LENGTHS, **KEY_BIAS, train=True,
        differs={**ERF_GELU, **EPS, "two layers": {"num_hidden_layers": 2}},
    ),
    Case(
        "albert", "sequence", 332,
        albert(**{**SMALL, "num_hidden_layers": 2, "embedding_size": 8}, **THREE_LABELS),
        "sequence", **LENGTHS, **KEY_BIAS, differs=EPS,
    ),
    Case(
        "albert", "choice", 333, albert(**TINY_ALBERT), "choice",
        **SHORT, **KEY_BIAS, differs=EPS,
    ),
    Case(
        "albert", "pretraining", 334, albert(**TINY_ALBERT), "pretraining",
        **SHORT, **KEY_BIAS, differs=EPS,
    ),
]

ALBERT += [
    # Layers of groups 0, 0 and 1, and two blocks in each.
    Case(
        "albert", "groups", 333,
        albert(**{
            **TINY, "num_hidden_layers": 3, "embedding_size": 4, "num_hidden_groups": 2,
            "inner_group_num": 2, "max_position_embeddings": 10, "initializer_range": 0.4,
        }),
        "backbone", **SHORT, **KEY_BIAS, rewrite=in_turn(QUIET_BRANCHES, LOUD_SCORES),
        differs={**EPS, "two layers": {"num_hidden_layers": 2}},
    ),
]

ELECTRA = [
    Case(
        "electra", "base", 345, electra(), "masked", **LENGTHS, **KEY_BIAS, train=True,
        differs={**TANH_GELU, **EPS},
    ),
    Case(
        "electra", "backbone", 342, electra(**SMALL), "backbone",
        **LENGTHS, **KEY_BIAS, differs=EPS,
    ),
    Case(
        "electra", "sequence", 343, electra(**SMALL, **THREE_LABELS), "sequence",
        **LENGTHS, **KEY_BIAS, differs=EPS,
    ),
    Case(
        "electra", "token", 344, electra(**{**SMALL, "embedding_size": 8}, **THREE_LABELS), "token",
        **LENGTHS, **KEY_BIAS, differs=EPS,
    ),
    Case(
        "electra", "replaced", 346, electra(**{**WORDY, "embedding_size": 6}), "replaced",
        **SHORT, **KEY_BIAS, differs=EPS,
    ),
    Case(
        "electra", "choice", 347, electra(**{**WORDY, "embedding_size": 6}), "choice",
        **SHORT, **KEY_BIAS, differs={"tanh in the summary": {"summary_activation": "tanh"}, **EPS},
    ),
]

MPNET = [
    Case(
        "mpnet", "base", 355, mpnet(), "masked", **LONG, inert=("attn.k.bias",), train=True,
        differs={**TANH_GELU, **EPS},
    ),
    Case(
        "mpnet", "backbone", 352, mpnet(**SMALL), "backbone",
        **LONG, inert=("attn.k.bias",), differs=EPS,
    ),
    Case(
        "mpnet", "sequence", 353, mpnet(**SMALL, **THREE_LABELS), "sequence",
        **LONG, inert=("attn.k.bias",), differs=EPS,
    ),
    Case(
        "mpnet", "choice", 354, mpnet(**WORDY), "choice",
        **LONG, inert=("attn.k.bias",), differs=EPS,
    ),
]

MODERNBERT = [
    Case(
        "modernbert", "base", 366, modernbert(), "masked", **LONG, train=True,
        differs={
            "tanh GELU": {"hidden_activation": "gelu_new"},
            "tanh GELU in the head": {"classifier_activation": "gelu_new"},
            **eps("norm_eps"), **WINDOWS, **THETAS,
        },
    ),
    Case(
        "modernbert", "v4_config", 366, modernbert(), "masked", **LONG,
        repeats="base", rewrite=v4_thetas,
    ),
    Case(
        "modernbert", "sequence", 362, small_modernbert(**THREE_LABELS), "sequence", **LONG,
        differs={"the mean of all tokens": {"classifier_pooling": "mean"}, **eps("norm_eps")},
    ),
    Case(
        "modernbert", "sequence_mean", 363,
        small_modernbert(classifier_pooling="mean", **THREE_LABELS), "sequence", **LONG,
        differs={"the first token": {"classifier_pooling": "cls"}, **eps("norm_eps")},
    ),
    Case(
        "modernbert", "token", 364, small_modernbert(**THREE_LABELS), "token", **LONG,
        differs=eps("norm_eps"),
    ),
    Case(
        # The loss includes padding too, and the reference computes fully masked states there: so no
        # padding is further than a window from the text.
        "modernbert", "span", 367, small_modernbert(hidden_size=8), "span", lengths=(9, 8, 6),
        differs=eps("norm_eps"),
    ),
    Case(
        "modernbert", "choice", 365, small_modernbert(hidden_size=8), "choice", **SHORT,
        differs=eps("norm_eps"),
    ),
]

DEBERTA = [
    Case(
        "deberta-v2", "base", 371, deberta(), "masked", **LONG, train=True,
        differs={**TANH_GELU, **EPS, **BUCKETS},
    ),
    Case(
        "deberta-v2", "absolute", 374, deberta(
            **SMALL, relative_attention=False, position_biased_input=True, norm_rel_ebd="none",
        ), "masked", **LONG, inert=("key_proj.bias",),
    ),
    Case(
        "deberta-v2", "legacy", 372, deberta(**SMALL, legacy=True), "masked", **LONG, differs=EPS,
    ),
    Case(
        "deberta-v2", "sequence", 373, deberta(**SMALL, **THREE_LABELS), "sequence", **LONG,
        differs={"tanh in the pooler": {"pooler_hidden_act": "tanh"}, **EPS},
    ),
    # Like the xlarge and xxlarge models of version 2.
    Case(
        "deberta-v2", "convolution", 375, tiny_deberta(
            num_hidden_layers=2, conv_kernel_size=3, conv_groups=2, conv_act="gelu",
            attention_head_size=4,
        ), "backbone", **MEDIUM,
        differs={"tanh after the convolution": {"conv_act": "tanh"}, **EPS},
    ),
    # Rows are longer than the table: distances from 5 on share an entry.
    Case(
        "deberta-v2", "separate", 376, tiny_deberta(
            share_att_key=False, position_buckets=-1, max_relative_positions=5, type_vocab_size=2,
            norm_rel_ebd="none",
        ), "backbone", **MEDIUM, inert=("pos_key_proj.bias",), differs=EPS,
    ),
    Case(
        "deberta-v2", "content_to_position", 377, tiny_deberta(
            embedding_size=6, pos_att_type="c2p", legacy=True, max_relative_positions=30,
        ), "masked", **MEDIUM, inert=("key_proj.bias", "encoder.LayerNorm.bias"),
        differs={
            "p2c": {"pos_att_type": "p2c"}, "both": {"pos_att_type": "p2c|c2p"},
            "a longest distance of 40": {"max_relative_positions": 40}, **EPS,
        },
    ),
    Case(
        "deberta-v2", "position_to_content", 378, tiny_deberta(
            share_att_key=False, pos_att_type=["p2c"], position_biased_input=True,
            norm_rel_ebd="other | layer_norm", conv_kernel_size=5,
        ), "backbone", **MEDIUM, differs=EPS,
    ),
    Case(
        "deberta-v2", "choice", 375, deberta(**WORDY), "choice", **SHORT,
        differs={"tanh in the pooler": {"pooler_hidden_act": "tanh"}, **EPS},
    ),
]

CASES = [
    *BERT, *ROBERTA, *ALIASES, *ERNIE, *DISTILBERT, *ALBERT, *ELECTRA, *MPNET, *MODERNBERT,
    *DEBERTA,
]
