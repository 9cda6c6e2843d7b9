"""image-classification, and the images."""

import functools
import pathlib

import numpy
import safetensors.torch
import torch
import transformers

from reference import ENVIRONMENT

from .common import Fixture, case, labels

if ENVIRONMENT == "vision":
    import PIL.Image


class Picture(str):
    """The name of an image, which a fixture stores relative to the folder of its pipeline."""

    @property
    def path(self):
        return f"images/{self}"


# -------------------------------------------------------------------------------------- the images


def waves(height, width, channels, seed):
    """Smooth colors with a few hard edges, so that a wrong filter is detected."""
    draw = numpy.random.default_rng(seed)
    y, x = numpy.mgrid[0:height, 0:width].astype(numpy.float64)
    planes = []
    for _ in range(channels):
        a, b, phase = draw.uniform(0.1, 0.9, 3)
        plane = 127.5 + 127.5 * numpy.sin(a * x + b * y + 6 * phase)
        plane[(x.astype(int) // 5 + y.astype(int) // 4) % 3 == 0] *= draw.uniform(0.2, 0.8)
        planes.append(plane)
    image = numpy.stack(planes, axis=-1).round().astype(numpy.uint8)
    return image[..., 0] if channels == 1 else image


def draw_images(folder):
    folder.mkdir(parents=True, exist_ok=True)
    image = lambda *size: PIL.Image.fromarray(waves(*size))
    save = lambda picture, name, **options: picture.save(folder / name, **options)
    save(image(24, 33, 3, 1), "rgb.png")
    save(image(16, 16, 3, 2), "exact.png")
    save(image(17, 13, 1, 3), "gray.png")
    save(image(20, 27, 4, 4), "rgba.png")
    save(image(19, 11, 2, 5), "gray_alpha.png")
    save(image(9, 31, 3, 6).quantize(16), "palette.png")
    save(image(9, 31, 3, 7).quantize(16), "palette_clear.png", transparency=3)
    save(image(14, 15, 1, 8).point(lambda value: 255 * (value > 100), mode="1"), "bits.png")
    deep = waves(15, 18, 1, 9).astype(numpy.uint16) * 257
    save(PIL.Image.fromarray(deep), "gray16.png")
    save(image(1, 1, 3, 10), "dot.png")
    save(image(3, 64, 3, 11), "wide.png")
    save(image(64, 3, 3, 12), "tall.png")
    save(image(61, 47, 3, 13), "large.png")
    save(image(28, 40, 3, 14), "full.jpg", quality=90, subsampling=0)
    save(image(28, 40, 3, 15), "quarter.jpg", quality=75, subsampling=2)
    save(image(28, 40, 1, 16), "gray.jpg", quality=90)
    exif = PIL.Image.Exif()
    exif[0x0112] = 6  # turn it by 90 degrees
    save(image(22, 30, 3, 17), "turned.jpg", quality=90, subsampling=0, exif=exif)
    save(image(24, 24, 3, 18), "still.gif")


NAMES = (
    "rgb.png", "exact.png", "gray.png", "rgba.png", "gray_alpha.png", "palette.png",
    "palette_clear.png", "bits.png", "gray16.png", "dot.png", "wide.png", "tall.png", "large.png",
    "full.jpg", "quarter.jpg", "gray.jpg", "turned.jpg", "still.gif",
)

# ------------------------------------------------------------------------------------ the fixtures


def processor(name, backend="torchvision"):
    cls = getattr(transformers, name + ("Pil" if backend == "pil" else ""))
    return functools.partial(cls, **PROCESSORS[name])


PROCESSORS = {
    "ViTImageProcessor": dict(size={"height": 16, "width": 16}),
    "DeiTImageProcessor": dict(
        size={"height": 21, "width": 19}, crop_size={"height": 16, "width": 16}
    ),
    "BitImageProcessor": dict(
        size={"shortest_edge": 18}, crop_size={"height": 16, "width": 16},
        image_mean=[0.485, 0.456, 0.406], image_std=[0.229, 0.224, 0.225],
    ),
}


def with_processor(name):
    """Saves the processor, and Pillow's bytes before normalization.

    torchvision's differ, depending on the CPU: by 1 of 255 in bilinear resizing, by up to 7 in
    bicubic.
    """

    def prepare(folder, model, tokenizer):
        folder.mkdir(parents=True, exist_ok=True)
        processor(name)().save_pretrained(folder)
        raw = dict(do_rescale=False, do_normalize=False, return_tensors="pt")
        pixels = {}
        for image in NAMES:
            path = folder.parent / "images" / image
            picture = transformers.image_utils.load_image(str(path))
            bytes = processor(name, "pil")()(picture, **raw)["pixel_values"][0]
            assert bytes.dtype == torch.uint8, bytes.dtype
            pixels[image] = bytes.contiguous()
        safetensors.torch.save_file(pixels, folder / "pixels.safetensors")

    return prepare


SMALL = dict(
    image_size=16, patch_size=8, hidden_size=8, intermediate_size=12, num_hidden_layers=1,
    num_attention_heads=2, initializer_range=0.2, hidden_dropout_prob=0.0,
    attention_probs_dropout_prob=0.0, **labels("cat", "dog", "🐢 turtle", "no animal", "bird"),
)
DINO = {**SMALL, "mlp_ratio": 2}
del DINO["intermediate_size"]

INPUTS = (
    *(case(Picture(name)) for name in NAMES),
    case(Picture("rgb.png"), top_k=1),
    case(Picture("rgb.png"), top_k=2),
    case(Picture("rgb.png"), top_k=50),
    case(Picture("rgb.png"), function_to_apply="none"),
    case(Picture("rgb.png"), function_to_apply="sigmoid"),
    case(Picture("rgb.png"), function_to_apply="softmax", top_k=3),
    case([Picture("rgb.png"), Picture("gray.png")], top_k=1),
    case([Picture("rgb.png")], top_k=1),
    case(Picture("missing.png")),
)
LOUD = (("classifier.weight", 2.0),)

FIXTURES = [
    Fixture("image-classification", "images", environment="vision", write=draw_images),
    Fixture(
        "image-classification", "vit", "ViTForImageClassification", SMALL, 161, None, INPUTS,
        "vision", prepare=with_processor("ViTImageProcessor"), scaled=LOUD,
    ),
    Fixture(
        "image-classification", "deit", "DeiTForImageClassification",
        {**SMALL, "problem_type": "multi_label_classification"}, 162, None, INPUTS,
        "vision", prepare=with_processor("DeiTImageProcessor"), scaled=LOUD,
    ),
    Fixture(
        "image-classification", "dinov2", "Dinov2ForImageClassification", DINO, 163, None, INPUTS,
        "vision", prepare=with_processor("BitImageProcessor"), scaled=LOUD,
    ),
]
