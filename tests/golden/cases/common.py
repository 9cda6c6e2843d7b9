"""What every table of cases uses."""

import json
from dataclasses import dataclass, field

import safetensors.torch

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
    # One of tasks.TASKS.
    task: str = "causal"
    lengths: tuple = (16, 11, 5)
    # Height and width of images, where they are not the config's.
    image: tuple = ()
    # Of the decoder's rows, where there is an encoder too.
    decoder_lengths: tuple = ()
    # The tokens that a text ends in, where a head reads at the end token: it and what follows.
    endings: tuple = ()
    # Config values that must change the outputs by more than CONTRAST, by what they stand for.
    differs: dict = field(default_factory=dict)
    # Config values that must not change them at all.
    equals: dict = field(default_factory=dict)
    # How the keys of tensors without any effect end: a key bias, where nothing rotates it.
    inert: tuple = ()
    # How the keys of tensors end that are in the file, but not in the model.
    unused: tuple = ()
    # The name of a case of the same family whose numbers this one must repeat.
    repeats: str | None = None
    # Rewrites the saved folder: into an older layout, or with louder tensors.
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
    """Replaces the tensors of a folder by what `edit` makes of their dictionary."""
    path = folder / "model.safetensors"
    tensors = edit(safetensors.torch.load_file(path))
    safetensors.torch.save_file(tensors, path, metadata={"format": "pt"})


def scaled(factor, *endings):
    """Makes tensors louder, where else every token would predict itself."""

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
    """The classes of a head."""
    return {
        "id2label": {str(index): name for index, name in enumerate(names)},
        "label2id": {name: index for index, name in enumerate(names)},
    }


THREE_LABELS = labels("down", "flat", "up")
