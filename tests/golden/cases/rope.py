"""Rope parameters, without models."""

# Config entries, with the fields of transformers 5 (rope_parameters) and 4 (rope_theta,
# rope_scaling), and the lengths at which dynamic rope is evaluated.
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
    "yarn_v4_without_original": dict(  # max_position_embeddings is used instead
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
