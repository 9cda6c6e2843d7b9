"""The fixtures that generate.py writes: one entry per case, one per rope parameter set.

A new family is one more entry in CASES. Sizes are chosen so that a case stays below 200 kB.
"""

import json
from dataclasses import dataclass, field

import safetensors.torch
import torch

# Weights as large as 0.2 make attention sharp and logits of size 1, so that a wrong rotation, mask
# or eps moves them by far more than the tolerance.
INITIALIZER_RANGE = 0.2


@dataclass(frozen=True)
class Case:
    """One fixture. `family` is transformers' model_type, `config` differs from its defaults."""

    family: str
    name: str
    seed: int
    config: dict
    lengths: tuple = (16, 11, 5)
    # Config values that must change the logits by more than CONTRAST, by what they stand for.
    differs: dict = field(default_factory=dict)
    # Config values that must not change them at all.
    equals: dict = field(default_factory=dict)
    # The name of a case of the same family whose numbers this one must repeat.
    repeats: str | None = None
    # Rewrites the saved folder into an older layout.
    rewrite: object = None
    max_shard_size: str = "1GB"
    train: bool = False
    generate: bool = False

    @property
    def id(self):
        return f"{self.family}/{self.name}"


# ---------------------------------------------------------------------------------- older layouts


def write_json(path, value):
    path.write_text(json.dumps(value, indent=2, sort_keys=True) + "\n")


def v4_config(folder):
    """The same config as transformers 4.43 wrote it, which knew no head_dim."""
    config = json.loads((folder / "config.json").read_text())
    del config["head_dim"]
    rope = config.pop("rope_parameters")
    config["rope_theta"] = rope.pop("rope_theta")
    config["rope_scaling"] = rope
    config["torch_dtype"] = config.pop("dtype")
    config["transformers_version"] = "4.43.4"
    write_json(folder / "config.json", config)


def v4_prefixless(folder):
    """The layout of the first GPT-2 files: keys of the base model, masks among the tensors."""
    config = json.loads((folder / "config.json").read_text())
    later = {"add_cross_attention", "dtype", "pad_token_id", "reorder_and_upcast_attn"}
    later |= {"scale_attn_by_inverse_layer_idx", "scale_attn_weights", "tie_word_embeddings"}
    later |= {"transformers_version", "use_cache"}
    config = {key: value for key, value in config.items() if key not in later}
    config["n_ctx"] = config["n_positions"]
    write_json(folder / "config.json", config)

    path = folder / "model.safetensors"
    tensors = safetensors.torch.load_file(path)
    tensors = {key.removeprefix("transformer."): tensor for key, tensor in tensors.items()}
    n = config["n_positions"]
    for layer in range(config["n_layer"]):
        tensors[f"h.{layer}.attn.bias"] = torch.ones(n, n).tril().view(1, 1, n, n)
        tensors[f"h.{layer}.attn.masked_bias"] = torch.tensor(-1e4)
    safetensors.torch.save_file(tensors, path, metadata={"format": "pt"})


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
            initializer_range=0.4,  # else the two GELUs differ too little
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
]

# ------------------------------------------------------------------------------------------- rope

# Config entries, in the words of transformers 5 (rope_parameters) and 4 (rope_theta, rope_scaling),
# and the lengths at which dynamic rope is asked.
ROPES = {
    "default": dict(rope_parameters=dict(rope_type="default", rope_theta=10000.0)),
    "default_theta_500000": dict(rope_parameters=dict(rope_type="default", rope_theta=500000.0)),
    "default_odd_half": dict(
        head_dim=10, rope_parameters=dict(rope_type="default", rope_theta=10000.0)
    ),
    "default_absent": dict(),
    "default_v4": dict(rope_theta=1000000.0, rope_scaling=None),
    "linear": dict(
        rope_parameters=dict(rope_type="linear", rope_theta=10000.0, factor=4.0)
    ),
    "linear_v4_type": dict(rope_theta=10000.0, rope_scaling=dict(type="linear", factor=2.5)),
    "dynamic": dict(
        max_position_embeddings=2048,
        rope_parameters=dict(rope_type="dynamic", rope_theta=10000.0, factor=2.0),
    ),
    "dynamic_factor_8": dict(
        max_position_embeddings=128,
        rope_parameters=dict(rope_type="dynamic", rope_theta=500.0, factor=8.0),
    ),
    "dynamic_v4_type": dict(
        max_position_embeddings=2048, rope_theta=10000.0,
        rope_scaling=dict(type="dynamic", factor=4.0),
    ),
    "yarn": dict(
        max_position_embeddings=131072,
        rope_parameters=dict(
            rope_type="yarn", rope_theta=1000000.0, factor=4.0,
            original_max_position_embeddings=32768,
        ),
    ),
    "yarn_betas": dict(
        max_position_embeddings=32768,
        rope_parameters=dict(
            rope_type="yarn", rope_theta=10000.0, factor=8.0, beta_fast=16.0, beta_slow=2.0,
            original_max_position_embeddings=4096,
        ),
    ),
    "yarn_attention_factor": dict(
        max_position_embeddings=8192,
        rope_parameters=dict(
            rope_type="yarn", rope_theta=10000.0, factor=2.0, attention_factor=0.75,
            original_max_position_embeddings=4096,
        ),
    ),
    "yarn_mscale": dict(
        max_position_embeddings=163840,
        rope_parameters=dict(
            rope_type="yarn", rope_theta=10000.0, factor=40.0, mscale=1.0, mscale_all_dim=0.707,
            original_max_position_embeddings=4096,
        ),
    ),
    "yarn_mscale_alone": dict(  # takes effect only together with mscale_all_dim
        max_position_embeddings=163840,
        rope_parameters=dict(
            rope_type="yarn", rope_theta=10000.0, factor=40.0, mscale=0.5,
            original_max_position_embeddings=4096,
        ),
    ),
    "yarn_not_truncated": dict(
        max_position_embeddings=131072,
        rope_parameters=dict(
            rope_type="yarn", rope_theta=150000.0, factor=32.0, truncate=False,
            original_max_position_embeddings=4096,
        ),
    ),
    "yarn_short": dict(  # both bounds of the ramp coincide
        head_dim=8, max_position_embeddings=16,
        rope_parameters=dict(
            rope_type="yarn", rope_theta=10000.0, factor=4.0, original_max_position_embeddings=4,
        ),
    ),
    "yarn_v4": dict(
        max_position_embeddings=65536, rope_theta=1000000.0,
        rope_scaling=dict(rope_type="yarn", factor=2.0, original_max_position_embeddings=32768),
    ),
    "yarn_v4_without_original": dict(  # max_position_embeddings stands in
        max_position_embeddings=4096, rope_theta=10000.0,
        rope_scaling=dict(type="yarn", factor=16.0),
    ),
    "llama3": dict(  # Llama 3.1
        head_dim=128, max_position_embeddings=131072,
        rope_parameters=dict(
            rope_type="llama3", rope_theta=500000.0, factor=8.0, low_freq_factor=1.0,
            high_freq_factor=4.0, original_max_position_embeddings=8192,
        ),
    ),
    "llama3_v4": dict(  # Llama 3.2
        max_position_embeddings=131072, rope_theta=500000.0,
        rope_scaling=dict(
            rope_type="llama3", factor=32.0, low_freq_factor=1.0, high_freq_factor=4.0,
            original_max_position_embeddings=8192,
        ),
    ),
    "llama3_short": dict(
        head_dim=16, max_position_embeddings=64,
        rope_parameters=dict(
            rope_type="llama3", rope_theta=100.0, factor=3.0, low_freq_factor=1.5,
            high_freq_factor=6.0, original_max_position_embeddings=32,
        ),
    ),
}
DYNAMIC_LENGTHS = {
    "dynamic": (1, 2048, 2049, 3000, 8192),
    "dynamic_factor_8": (64, 129, 200, 1000),
    "dynamic_v4_type": (2048, 4096),
}
