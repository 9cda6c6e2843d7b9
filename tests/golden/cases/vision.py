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


SMALL = dict(hidden_size=16, num_hidden_layers=1, num_attention_heads=2)
TANH_GELU = {"tanh GELU": {"hidden_act": "gelu_new"}}
EPS = eps("layer_norm_eps")
KEY_BIAS = dict(inert=("key.bias",))
# DINOv2 saves what hides a patch in its pretraining.
NO_PART = dict(inert=("key.bias", "mask_token"))
# Two classes for one task.
DEIT = dict(architectures=["DeiTForImageClassification"])
DEIT_TEACHER = dict(architectures=["DeiTForImageClassificationWithTeacher"])
LOUDER = scaled(4.0, "classifier.weight")  # else the two GELUs differ too little
# They start near zero, where the norm divides by little but eps.
TOKENS = scaled(8.0, "cls_token", "distillation_token", "position_embeddings")

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
]
