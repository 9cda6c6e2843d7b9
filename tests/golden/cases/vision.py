"""Image encoders."""

from .common import THREE_LABELS, Case, eps, in_turn, scaled


def image_encoder(**config):
    size = dict(hidden_size=24, num_hidden_layers=2, num_attention_heads=3)
    image = dict(image_size=12, patch_size=4)
    numbers = dict(layer_norm_eps=1e-3, initializer_range=0.2)
    return {**size, **image, **numbers, **config}


def vit(**config):
    return image_encoder(**{"intermediate_size": 40, **config})


def small_vit(**config):
    return vit(**{**SMALL, "intermediate_size": 24, **config})


def dinov2(**config):
    return image_encoder(**{"mlp_ratio": 2, "layerscale_value": 0.7, **config})


def small_dinov2(**config):
    return dinov2(**{**SMALL, **config})


def tiny(**config):
    """Nine patches in one color."""
    size = dict(hidden_size=8, num_hidden_layers=1, num_attention_heads=2, num_channels=1)
    return image_encoder(**{**size, **config})


SMALL = dict(hidden_size=16, num_hidden_layers=1, num_attention_heads=2)
TANH_GELU = {"tanh GELU": {"hidden_act": "gelu_new"}}
EPS = eps("layer_norm_eps")
KEY_BIAS = dict(inert=("key.bias",))
# DINOv2 saves the mask token of its pretraining.
NO_PART = dict(inert=("key.bias", "mask_token"))
# Two model classes for one task.
DEIT = dict(architectures=["DeiTForImageClassification"])
DEIT_TEACHER = dict(architectures=["DeiTForImageClassificationWithTeacher"])
LOUDER = scaled(4.0, "classifier.weight")  # otherwise the two GELUs differ too little
# They are initialized near zero, where eps dominates the norm's denominator.
TOKENS = scaled(8.0, "cls_token", "distillation_token", "position_embeddings")

# Larger: there they alone distinguish positions.
POSITIONS = scaled(8.0, "position_embeddings")
WIDE = dict(image=(16, 24))  # 4 x 6 patches
LOW = dict(image=(9, 23))  # 2 x 5, with a remainder
TALL = dict(image=(22, 8))  # 5 x 2

CASES = [
    Case(
        "vit", "base", 402, vit(**THREE_LABELS), "image", **KEY_BIAS, rewrite=LOUDER, train=True,
        differs={**TANH_GELU, **EPS},
    ),
    Case(
        "vit", "backbone", 403, small_vit(), "backbone", **KEY_BIAS,
        differs={"no tanh in the pooler": {"pooler_act": "linear"}, **EPS},
    ),
    Case(
        "deit", "base", 414, vit(**DEIT, **THREE_LABELS), "image", **KEY_BIAS,
        rewrite=in_turn(LOUDER, TOKENS), train=True, differs={**TANH_GELU, **EPS},
    ),
    Case(
        "deit", "teacher", 412, small_vit(**DEIT_TEACHER, **THREE_LABELS), "teacher",
        **KEY_BIAS, rewrite=TOKENS, differs=EPS,
    ),
    Case(
        "dinov2", "base", 425, dinov2(**THREE_LABELS), "image", **NO_PART,
        rewrite=LOUDER, train=True, differs={**TANH_GELU, **EPS},
    ),
    Case("dinov2", "backbone", 422, small_dinov2(), "backbone", **NO_PART, differs=EPS),
    Case(
        "dinov2", "swiglu", 423, small_dinov2(use_swiglu_ffn=True, mlp_ratio=3, **THREE_LABELS),
        "image", **NO_PART, differs=EPS,
    ),
    # Images of other sizes than the config's, for which positions are interpolated.
    Case(
        "vit", "wide", 404, tiny(intermediate_size=12, **THREE_LABELS), "image",
        **KEY_BIAS, **WIDE, rewrite=in_turn(LOUDER, POSITIONS),
    ),
    Case(
        "deit", "low", 415, tiny(intermediate_size=12, **DEIT), "backbone",
        **KEY_BIAS, **LOW, rewrite=TOKENS,
    ),
    Case(
        "dinov2", "tall", 426, tiny(mlp_ratio=2, layerscale_value=0.7, **THREE_LABELS), "image",
        **NO_PART, **TALL, rewrite=in_turn(LOUDER, POSITIONS),
    ),
]
