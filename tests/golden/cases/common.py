"""Definitions shared by the tables of cases."""

import json
from dataclasses import dataclass, field

import safetensors.torch

# A standard deviation of 0.2 makes attention sharp and logits of size 1, so that a wrong rotation,
# mask or eps changes them by far more than the tolerance.
INITIALIZER_RANGE = 0.2


@dataclass(frozen=True)
class Case:
    """One fixture. `family` is transformers' model_type, `config` differs from its defaults."""

    family: str
    name: str
    seed: int
    config: dict
    # One of tasks.TASKS.
    task: str = "causal"
    lengths: tuple = (16, 11, 5)
    # Height and width of images, if they differ from the config's.
    image: tuple = ()
    # Of the decoder's rows, in encoder-decoders.
    decoder_lengths: tuple = ()
    # The last tokens of a text, if a head pools at the end token: this token and those after it.
    endings: tuple = ()
    # Config values that must change the outputs by more than CONTRAST, by description.
    differs: dict = field(default_factory=dict)
    # Config values that must not change them at all.
    equals: dict = field(default_factory=dict)
    # Key suffixes of tensors without any effect: a key bias without rotary positions.
    inert: tuple = ()
    # Key suffixes of tensors that are in the file, but not in the model.
    unused: tuple = ()
    # The name of a case of the same family whose results this one must repeat.
    repeats: str | None = None
    # Rewrites the saved folder: into an older layout, or with scaled tensors.
    rewrite: object = None
    max_shard_size: str = "1GB"
    train: bool = False
    generate: bool = False

    @property
    def id(self):
        return f"{self.family}/{self.name}"


# --------------------------------------------------------------------------------------- rewriting


def read_json(path):
    return json.loads(path.read_text())


def write_json(path, value):
    path.write_text(json.dumps(value, indent=2, sort_keys=True) + "\n")


def edit_tensors(folder, edit):
    """Applies `edit` to the dictionary of a folder's tensors."""
    path = folder / "model.safetensors"
    tensors = edit(safetensors.torch.load_file(path))
    safetensors.torch.save_file(tensors, path, metadata={"format": "pt"})


def scaled(factor, *endings):
    """Scales tensors, where every token would predict itself otherwise."""

    def rewrite(folder):
        edit_tensors(folder, lambda tensors: {
            key: tensor * factor if key.endswith(endings) else tensor
            for key, tensor in tensors.items()
        })

    return rewrite


def in_turn(*rewrites):
    def rewrite(folder):
        for each in rewrites:
            each(folder)

    return rewrite


# ------------------------------------------------------------------------------------ config values


def eps(name):
    return {"eps 1e-6": {name: 1e-6}}


def labels(*names):
    """The labels of a head."""
    return {
        "id2label": {str(index): name for index, name in enumerate(names)},
        "label2id": {name: index for index, name in enumerate(names)},
    }


THREE_LABELS = labels("down", "flat", "up")
