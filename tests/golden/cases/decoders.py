"""Decoders, and heads on them."""

import torch

from .common import (
    INITIALIZER_RANGE, THREE_LABELS, Case, edit_tensors, eps, read_json, scaled, write_json,
)

# ---------------------------------------------------------------------------------- older layouts


def v4_config(folder):
    """The same config as written by transformers 4.43, which had no head_dim."""
    config = read_json(folder / "config.json")
    del config["head_dim"]
    rope = config.pop("rope_parameters")
    config["rope_theta"] = rope.pop("rope_theta")
    config["rope_scaling"] = rope
    config["torch_dtype"] = config.pop("dtype")
    config["transformers_version"] = "4.43.4"
    write_json(folder / "config.json", config)


def v4_prefixless(folder):
    """The layout of the first GPT-2 files: keys of the base model, masks among the tensors."""
    config = read_json(folder / "config.json")
    later = {"add_cross_attention", "dtype", "pad_token_id", "reorder_and_upcast_attn"}
    later |= {"scale_attn_by_inverse_layer_idx", "scale_attn_weights", "tie_word_embeddings"}
    later |= {"transformers_version", "use_cache"}
    config = {key: value for key, value in config.items() if key not in later}
    config["n_ctx"] = config["n_positions"]
    write_json(folder / "config.json", config)

    def edit(tensors):
        tensors = {key.removeprefix("transformer."): tensor for key, tensor in tensors.items()}
        n = config["n_positions"]
        for layer in range(config["n_layer"]):
            tensors[f"h.{layer}.attn.bias"] = torch.ones(n, n).tril().view(1, 1, n, n)
            tensors[f"h.{layer}.attn.masked_bias"] = torch.tensor(-1e4)
        return tensors

    edit_tensors(folder, edit)


def v4_unused_window(folder):
    """Qwen2's config on the hub: a window that is disabled; no layer_types."""
    config = read_json(folder / "config.json")
    del config["layer_types"]
    config.update(sliding_window=4, max_window_layers=1, use_sliding_window=False)
    write_json(folder / "config.json", config)


def v4_rotary_pct(folder):
    """The config of GPT-NeoX and Pythia on the hub: other names for the rope parameters."""
    config = read_json(folder / "config.json")
    rope = config.pop("rope_parameters")
    config["rotary_emb_base"] = rope["rope_theta"]
    config["rotary_pct"] = rope["partial_rotary_factor"]
    write_json(folder / "config.json", config)


# ---------------------------------------------------------------------------------- configurations


def gpt2(**config):
    no_dropout = dict(resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0)
    size = dict(vocab_size=61, n_positions=24, n_embd=32, n_layer=1, n_head=4, n_inner=64)
    ids = dict(bos_token_id=2, eos_token_id=2)
    return {**size, **no_dropout, **ids, "initializer_range": INITIALIZER_RANGE, **config}


def llama(theta=10000.0, rope=None, **config):
    size = dict(vocab_size=41, hidden_size=32, intermediate_size=48, num_hidden_layers=1)
    heads = dict(num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=64)
    numbers = dict(rms_norm_eps=1e-5, initializer_range=INITIALIZER_RANGE)
    rope = {"rope_type": "default", "rope_theta": theta, **(rope or {})}
    return {**size, **heads, **numbers, "rope_parameters": rope, **config}


def rope_of(theta, **rope):
    return {"rope_type": "default", "rope_theta": theta, **rope}


def small(eps, theta=100.0, rope=None, **config):
    """Two layers with the fields that most decoders share; `eps` is the name of their epsilon."""
    size = dict(vocab_size=41, hidden_size=24, intermediate_size=32, num_hidden_layers=2)
    heads = dict(num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=64)
    # A padding id would exclude its row of the embedding from the gradient.
    ids = dict(bos_token_id=1, eos_token_id=2, pad_token_id=None)
    numbers = {eps: 1e-3, "initializer_range": INITIALIZER_RANGE}
    rope = {"rope_parameters": rope_of(theta, **(rope or {}))}
    return {**size, **heads, **ids, **numbers, **rope, **config}


def rms(*args, **config):
    return small("rms_norm_eps", *args, **config)


def layer_norm(*args, **config):
    """Three heads of 8, so that half of a head, and half of that, can be rotated."""
    return small("layer_norm_eps", *args, **{"num_attention_heads": 3, **config})


def neox(**config):
    config = layer_norm(rope=HALF_HEAD, intermediate_size=40, initializer_range=0.4, **config)
    del config["num_key_value_heads"]
    return config


def windows(*layers):
    return {"layer_types": [f"{kind}_attention" for kind in layers]}


def theta(value, **rope):
    return {f"theta {value}": {"rope_parameters": rope_of(value, **rope)}}


def plain(theta):
    return {"plain rope": {"rope_parameters": {"rope_type": "default", "rope_theta": theta}}}


LLAMA3 = dict(
    rope_type="llama3",
    factor=4.0,
    low_freq_factor=1.0,
    high_freq_factor=4.0,
    original_max_position_embeddings=32,
)
YARN = dict(
    rope_type="yarn",
    factor=4.0,
    beta_fast=2.0,
    beta_slow=0.5,
    original_max_position_embeddings=16,
)
DYNAMIC = dict(rope_type="dynamic", factor=4.0)
LONGROPE = dict(
    rope_type="longrope",
    short_factor=[1.0, 1.1, 1.3, 1.5],
    long_factor=[1.0, 2.0, 3.0, 4.0],
)
PARTIAL_LONGROPE = dict(
    rope_type="longrope",
    short_factor=[1.0, 1.1, 1.3],
    long_factor=[1.0, 2.0, 3.0],
    partial_rotary_factor=0.75,
)
GEMMA3_ROPE = {
    "sliding_attention": rope_of(30.0),
    "full_attention": rope_of(1000.0, rope_type="linear", factor=4.0),
}
CONV1D = ("c_attn.weight", "c_proj.weight", "c_fc.weight")
HALF_HEAD = dict(partial_rotary_factor=0.5)
HEAD = dict(
    vocab_size=29, hidden_size=16, intermediate_size=24, num_hidden_layers=1,
    num_attention_heads=2, num_key_value_heads=1, pad_token_id=0,
)
RELU_INNER = gpt2(n_inner=48, activation_function="relu", layer_norm_epsilon=1e-3)

CASES = [
    Case(
        "gpt2", "base", 1, gpt2(vocab_size=97, n_positions=48, n_layer=2, n_inner=None),
        lengths=(16, 11, 6), train=True, generate=True,
        differs={"erf GELU": {"activation_function": "gelu"}},
    ),
    Case(
        "gpt2", "relu_inner", 2, RELU_INNER,
        differs={"eps 1e-5": {"layer_norm_epsilon": 1e-5}},
    ),
    Case(
        "gpt2", "gelu", 3, gpt2(
            n_layer=2, n_embd=24, n_inner=48, n_positions=32, activation_function="gelu",
            scale_attn_by_inverse_layer_idx=True,
            initializer_range=0.4,  # otherwise the two GELUs differ too little
        ),
        generate=True,
        differs={
            "tanh GELU": {"activation_function": "gelu_new"},
            "the same scale in every layer": {"scale_attn_by_inverse_layer_idx": False},
        },
    ),
    Case("gpt2", "untied", 4, gpt2(n_inner=48, tie_word_embeddings=False)),
    Case("gpt2", "v4_prefixless", 2, RELU_INNER, repeats="relu_inner", rewrite=v4_prefixless),
    Case(
        "llama", "base", 11,
        llama(vocab_size=97, intermediate_size=56, num_hidden_layers=2),
        lengths=(20, 13, 7), train=True, generate=True,
    ),
    Case(
        "llama", "tied_head_dim", 12,
        llama(theta=500.0, vocab_size=61, head_dim=12, tie_word_embeddings=True, rms_norm_eps=1e-3),
        generate=True,
        differs={"eps 1e-6": {"rms_norm_eps": 1e-6}, **plain(10000.0)},
    ),
    Case("llama", "biased", 13, llama(attention_bias=True, mlp_bias=True)),
    Case("llama", "mqa", 14, llama(num_key_value_heads=1, intermediate_size=52)),
    Case(
        "llama", "linear", 15, llama(rope={"rope_type": "linear", "factor": 4.0}),
        lengths=(24, 17, 9), differs=plain(10000.0),
    ),
    Case("llama", "llama3", 16, llama(100.0, LLAMA3), lengths=(36, 21, 7), differs=plain(100.0)),
    Case(
        "llama", "yarn", 17, llama(100.0, YARN), lengths=(32, 21, 9),
        differs={
            **plain(100.0),
            "no attention factor": {"rope_parameters": {
                **YARN, "rope_theta": 100.0, "attention_factor": 1.0,
            }},
        },
    ),
    Case(
        "llama", "dynamic_long", 18, llama(rope=DYNAMIC, max_position_embeddings=16),
        lengths=(36, 25, 11), differs=plain(10000.0),
    ),
    Case(
        "llama", "dynamic_short", 18, llama(rope=DYNAMIC, max_position_embeddings=16),
        lengths=(12, 9, 5), equals=plain(10000.0),
    ),
    Case(
        "llama", "v4_config", 16, llama(100.0, LLAMA3), lengths=(36, 21, 7),
        repeats="llama3", rewrite=v4_config,
    ),
    Case("llama", "sharded", 19, llama(), max_shard_size="16KB"),
    Case(
        "mistral", "base", 131, rms(sliding_window=4),
        lengths=(18, 12, 7), train=True, generate=True,
        differs={
            "no window": {"sliding_window": None},
            "a window of 5": {"sliding_window": 5},
            "a window of 3": {"sliding_window": 3},
            **eps("rms_norm_eps"), **theta(10000.0),
        },
    ),
    Case(
        "qwen2", "base", 32, rms(tie_word_embeddings=True),
        lengths=(12, 9, 5), rewrite=v4_unused_window, train=True, generate=True,
        differs={
            "a window": {"use_sliding_window": True, "sliding_window": 4, "max_window_layers": 1},
            **eps("rms_norm_eps"), **theta(10000.0),
        },
        equals={"a window that is not used": {"sliding_window": 4, "max_window_layers": 1}},
    ),
    Case(
        "qwen3", "base", 33, rms(head_dim=8, intermediate_size=24),
        lengths=(12, 9, 5), train=True, generate=True,
        differs={**eps("rms_norm_eps"), **theta(10000.0)},
    ),
    Case(
        "smollm3", "base", 134, rms(no_rope_layer_interval=2),
        lengths=(12, 9, 5), train=True, generate=True,
        differs={
            "rope in both layers": {"no_rope_layers": [1, 1]},
            "rope in the other layer": {"no_rope_layers": [0, 1]},
            **eps("rms_norm_eps"), **theta(10000.0),
        },
    ),
    Case(
        "gemma", "base", 35, rms(head_dim=8, num_key_value_heads=1, initializer_range=0.3),
        lengths=(12, 9, 5), rewrite=scaled(40.0, "model.norm.weight"), train=True, generate=True,
        differs={
            "erf GELU": {"hidden_act": "gelu_python"},
            **eps("rms_norm_eps"), **theta(10000.0),
        },
        equals={"an old name of the tanh GELU": {"hidden_act": "gelu"}},
    ),
    Case(
        "gemma2", "base", 236, rms(
            head_dim=8, num_key_value_heads=1, intermediate_size=28, query_pre_attn_scalar=5,
            sliding_window=4, attn_logit_softcapping=2.0, final_logit_softcapping=3.0,
            initializer_range=0.3,
        ),
        lengths=(16, 11, 6), rewrite=scaled(40.0, "model.norm.weight"), train=True, generate=True,
        differs={
            "no softcap of the scores": {"attn_logit_softcapping": None},
            "no softcap of the logits": {"final_logit_softcapping": None},
            "the usual scale": {"query_pre_attn_scalar": 8},
            "a window of 5": {"sliding_window": 5},
            "no window": windows("full", "full"),
            "windows in the other layer": windows("full", "sliding"),
            "erf GELU": {"hidden_activation": "gelu"},
            **eps("rms_norm_eps"), **theta(10000.0),
        },
    ),
    Case(
        "gemma3_text", "base", 37, rms(
            head_dim=8, num_key_value_heads=1, intermediate_size=28, query_pre_attn_scalar=5,
            sliding_window=4, rope_parameters=GEMMA3_ROPE, **windows("sliding", "full"),
            initializer_range=0.3,
        ),
        lengths=(16, 11, 6), rewrite=scaled(40.0, "model.norm.weight"), train=True, generate=True,
        differs={
            "the usual scale": {"query_pre_attn_scalar": 8},
            "a window of 5": {"sliding_window": 5},
            "no window": windows("full", "full"),
            "windows in the other layer": windows("full", "sliding"),
            "one theta": {"rope_parameters": {
                **GEMMA3_ROPE, "sliding_attention": rope_of(1000.0),
            }},
            "no scaling": {"rope_parameters": {
                **GEMMA3_ROPE, "full_attention": rope_of(1000.0),
            }},
            "erf GELU": {"hidden_activation": "gelu"},
            **eps("rms_norm_eps"),
        },
        equals={"a softcap of the scores": {"attn_logit_softcapping": 1.0}},
    ),
    Case(
        "olmo2", "base", 38, rms(),
        lengths=(12, 9, 5), train=True, generate=True,
        differs={**eps("rms_norm_eps"), **theta(10000.0)},
    ),
    Case(
        "phi3", "base", 139, rms(sliding_window=5),
        lengths=(14, 9, 6), train=True, generate=True,
        differs={
            "no window": {"sliding_window": None},
            "a window of 6": {"sliding_window": 6},
            **eps("rms_norm_eps"), **theta(10000.0),
        },
    ),
    Case(
        "phi3", "longrope", 40, rms(
            num_hidden_layers=1, num_attention_heads=3, num_key_value_heads=3,
            rope=LONGROPE, max_position_embeddings=40, original_max_position_embeddings=10,
        ),
        lengths=(15, 10, 5),
        differs={
            **plain(100.0),
            "the short factors": {"original_max_position_embeddings": 15},
        },
    ),
    # Like Phi-4-mini: three pairs of each head are rotated, one is not.
    Case(
        "phi3", "partial_longrope", 141, rms(
            num_hidden_layers=1, num_attention_heads=2, num_key_value_heads=1, hidden_size=16,
            intermediate_size=16, vocab_size=19, tie_word_embeddings=True,
            rope=PARTIAL_LONGROPE, max_position_embeddings=40, original_max_position_embeddings=8,
        ),
        lengths=(10, 8, 4),
        differs={"the short factors": {"original_max_position_embeddings": 10}},
    ),
    Case(
        "stablelm", "base", 41, layer_norm(
            rope=HALF_HEAD, num_key_value_heads=1, use_qkv_bias=True,
        ),
        lengths=(12, 9, 5), train=True, generate=True,
        differs={
            "rope on whole heads": {"rope_parameters": rope_of(100.0, partial_rotary_factor=1.0)},
            **eps("layer_norm_eps"), **theta(10000.0, **HALF_HEAD),
        },
    ),
    Case(  # StableLM 2 12B
        "stablelm", "parallel", 42, layer_norm(
            rope=HALF_HEAD, num_key_value_heads=1, use_parallel_residual=True, qk_layernorm=True,
        ),
        lengths=(12, 9, 5), train=True, generate=True,
        differs={**eps("layer_norm_eps"), **theta(10000.0, **HALF_HEAD)},
    ),
    Case(
        "starcoder2", "base", 160, small(
            "norm_epsilon", sliding_window=4, intermediate_size=40, tie_word_embeddings=True,
            initializer_range=0.3,
        ),
        lengths=(18, 12, 7), train=True, generate=True,
        differs={
            "no window": {"sliding_window": None},
            "a window of 5": {"sliding_window": 5},
            "erf GELU": {"hidden_act": "gelu"},
            **eps("norm_epsilon"), **theta(10000.0),
        },
    ),
    Case(
        "phi", "base", 43, layer_norm(
            rope=HALF_HEAD, num_key_value_heads=3, intermediate_size=40, initializer_range=0.4,
        ),
        lengths=(12, 9, 5), train=True, generate=True,
        differs={
            "rope on whole heads": {"rope_parameters": rope_of(100.0, partial_rotary_factor=1.0)},
            "erf GELU": {"hidden_act": "gelu"},
            **eps("layer_norm_eps"), **theta(10000.0, **HALF_HEAD),
        },
    ),
    Case(
        "gpt_neox", "base", 44, neox(),
        lengths=(12, 9, 5), train=True, generate=True,
        differs={
            "one branch after the other": {"use_parallel_residual": False},
            "rope on whole heads": {"rope_parameters": rope_of(100.0, partial_rotary_factor=1.0)},
            "tanh GELU": {"hidden_act": "gelu_new"},
            **eps("layer_norm_eps"), **theta(10000.0, **HALF_HEAD),
        },
    ),
    Case(
        "gpt_neox", "sequential", 45, neox(use_parallel_residual=False),
        lengths=(12, 9, 5), rewrite=v4_rotary_pct, train=True, generate=True,
        differs={"parallel branches": {"use_parallel_residual": True}},
    ),
    Case(
        "gptj", "base", 46, dict(
            vocab_size=41, n_positions=32, n_embd=24, n_layer=2, n_head=3, n_inner=40,
            rotary_dim=4, layer_norm_epsilon=1e-3, initializer_range=0.4,
            bos_token_id=1, eos_token_id=2,
        ),
        lengths=(12, 9, 5), train=True, generate=True,
        differs={
            "rope on whole heads": {"rotary_dim": 8},
            "erf GELU": {"activation_function": "gelu"},
            **eps("layer_norm_epsilon"),
        },
    ),
    Case(
        "opt", "base", 247, dict(
            vocab_size=41, hidden_size=24, ffn_dim=40, num_hidden_layers=2, num_attention_heads=3,
            max_position_embeddings=26, init_std=INITIALIZER_RANGE, dropout=0.0,
            bos_token_id=1, eos_token_id=2, pad_token_id=None,
        ),
        lengths=(12, 9, 5), inert=("k_proj.bias",), train=True, generate=True,
        differs={"GELU": {"activation_function": "gelu"}},
    ),
    Case(  # OPT 350M
        "opt", "projected", 248, dict(
            vocab_size=29, hidden_size=16, word_embed_proj_dim=8, do_layer_norm_before=False,
            ffn_dim=24, num_hidden_layers=1, num_attention_heads=2, max_position_embeddings=26,
            init_std=0.4, dropout=0.0, bos_token_id=1, eos_token_id=2, pad_token_id=None,
        ),
        lengths=(12, 9, 5), inert=("k_proj.bias",),
    ),
    Case(
        "bloom", "base", 48, dict(
            vocab_size=41, hidden_size=24, n_layer=1, n_head=6, layer_norm_epsilon=1e-3,
            initializer_range=0.4,
        ),
        lengths=(12, 9, 5), train=True, generate=True,
        differs={
            "residuals after the norms": {"apply_residual_connection_post_layernorm": True},
            **eps("layer_norm_epsilon"),
        },
    ),
    Case(
        "gpt_neo", "base", 49, dict(
            vocab_size=41, hidden_size=24, intermediate_size=36, num_layers=2, num_heads=3,
            attention_types=[[["global", "local"], 1]], window_size=4, max_position_embeddings=28,
            layer_norm_epsilon=1e-3, initializer_range=INITIALIZER_RANGE,
            bos_token_id=1, eos_token_id=2,
        ),
        lengths=(16, 11, 6), train=True, generate=True,
        differs={
            "no window": {"attention_types": [[["global"], 2]]},
            "windows in the other layer": {"attention_types": [[["local", "global"], 1]]},
            "a window of 5": {"window_size": 5},
            "erf GELU": {"activation_function": "gelu"},
            **eps("layer_norm_epsilon"),
        },
    ),
    Case(
        "openai-gpt", "base", 50, dict(
            vocab_size=41, n_positions=26, n_embd=24, n_layer=1, n_head=3,
            layer_norm_epsilon=1e-3, initializer_range=INITIALIZER_RANGE,
            resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0,
        ),
        # It initializes its projections with 0.02, whatever the initializer_range.
        lengths=(12, 9, 5), rewrite=scaled(6.0, *CONV1D), train=True, generate=True,
        differs={"SiLU": {"afn": "swish"}, **eps("layer_norm_epsilon")},
    ),
    Case(
        "mixtral", "base", 151, rms(
            num_hidden_layers=1, intermediate_size=16, num_local_experts=4, num_experts_per_tok=2,
        ),
        lengths=(12, 9, 5), train=True, generate=True,
        differs={
            "one expert": {"num_experts_per_tok": 1},
            "every expert": {"num_experts_per_tok": 4},
            **eps("rms_norm_eps"), **theta(10000.0),
        },
    ),
    # Heads. The last token is the one before the padding, determined by the ids.
    Case(
        "llama", "sequence", 171, rms(**HEAD, **THREE_LABELS), "sequence",
        lengths=(12, 9, 5), differs={**eps("rms_norm_eps"), **theta(10000.0)},
    ),
    Case(
        "llama", "token", 172, rms(**HEAD, **THREE_LABELS), "token",
        lengths=(12, 9, 5), differs={**eps("rms_norm_eps"), **theta(10000.0)},
    ),
    Case(
        "gpt2", "sequence", 173, gpt2(
            vocab_size=29, n_embd=16, n_inner=24, n_head=2, pad_token_id=0,
            layer_norm_epsilon=1e-3, **THREE_LABELS,
        ),
        "sequence", lengths=(12, 9, 5), differs=eps("layer_norm_epsilon"),
    ),
]
