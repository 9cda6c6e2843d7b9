#!/usr/bin/env python3
"""Checks that transformers loads models saved by the zoo, and computes the same.

    check_saved.py DIR...                     every key is used, none is missing
    check_saved.py DIR... --against CASE      and the outputs are those of a golden case
    check_saved.py DIR... --text FILE         and tokenizer.json decodes to the text

Prints one line per directory; exits 1 with a message if a check fails.
"""

import argparse
import json
import pathlib
import sys

import reference  # noqa: F401  (before torch: it sets the threads)

import safetensors.torch
import torch
import transformers
from transformers import core_model_loading

import own
from tasks import TASKS, forward, masks_of, unmasked

TOLERANCE = 1e-5
LABELS = {"labels", "start_positions", "end_positions"}


def class_of(folder):
    """The class in config.json."""
    architectures = json.loads((folder / "config.json").read_text(encoding="utf-8")).get(
        "architectures"
    )
    if not architectures:
        raise ValueError("config.json names no architecture; say one with --class")
    return architectures[0]


def load(folder, name):
    """The model in f32, and the errors in the keys of its files."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    reference = own.REFERENCES.get(config.get("model_type"))
    if reference is not None:
        return reference.load(folder).eval(), []  # strict about keys
    model, info = getattr(transformers, name).from_pretrained(
        folder,
        dtype=torch.float32,
        attn_implementation="eager",
        output_loading_info=True,
        ignore_mismatched_sizes=True,  # to collect all of them instead of raising
    )
    problems = [
        f"{kind.removesuffix('_keys')}: {key}"
        for kind in ("missing_keys", "unexpected_keys", "mismatched_keys")
        for key in sorted(info[kind], key=str)
    ]
    problems += [f"error: {message}" for message in info.get("error_msgs") or []]

    # transformers drops some keys of old files silently; the zoo never writes them.
    # Some models have other keys in files than in memory.
    tensors = model.state_dict()
    known = {*tensors, *core_model_loading.revert_weight_conversion(model, tensors)}
    prefix = model.base_model_prefix + "."
    silent = [key for key in keys_in(folder) if key not in known and prefix + key not in known]
    reported = set(info["unexpected_keys"])
    problems += [f"ignored silently: {key}" for key in silent if key not in reported]
    return model.eval(), problems


def keys_in(folder):
    """The keys of model.safetensors, or of the shards in the index."""
    index = folder / "model.safetensors.index.json"
    files = ["model.safetensors"]
    if index.is_file():
        files = sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
    for name in files:
        with safetensors.safe_open(folder / name, framework="pt") as file:
            yield from file.keys()


def compare(model, case):
    """The largest difference from the golden outputs, relative to the tolerance's scale."""
    inputs = json.loads((case / "inputs.json").read_text(encoding="utf-8"))
    golden = safetensors.torch.load_file(case / "golden.safetensors")
    task = inputs.pop("task", "causal")
    left = inputs.pop("left", None)
    inputs = {key: torch.tensor(rows) for key, rows in inputs.items() if key not in LABELS}
    if "pixel_values" in golden:
        inputs["pixel_values"] = golden["pixel_values"]
    batches = {"": inputs}
    if left is not None:
        batches["left."] = {key: torch.tensor(rows) for key, rows in left.items()}

    problems, worst = [], 0.0
    for prefix, tensors in batches.items():
        masks = masks_of(task, tensors)
        with torch.no_grad():
            found = forward(task, model, tensors)
        for output in TASKS[task].outputs:
            name = prefix + output
            if name not in golden:
                continue
            if output not in found or found[output].shape != golden[name].shape:
                shape = list(found[output].shape) if output in found else "none"
                problems.append(f"{name}: {shape}, golden {list(golden[name].shape)}")
                continue
            expected = unmasked(golden[name], masks.get(output))
            scale = max(1.0, expected.abs().max().item())
            difference = unmasked(found[output], masks.get(output)) - expected
            error = difference.abs().max().item() / scale
            worst = max(worst, error)
            if not error <= TOLERANCE:  # also for NaN
                problems.append(
                    f"{name}: off by {error:.1e} x {scale:.2g}, allowed is {TOLERANCE:.0e}"
                )
    return worst, problems


def check_tokenizer(folder, vocab_size, text):
    """tokenizer.json alone, and loaded by AutoTokenizer together with its config."""
    problems = []
    file = folder / "tokenizer.json"
    tokenizers = {
        "tokenizer.json": transformers.PreTrainedTokenizerFast(tokenizer_file=str(file)),
        "AutoTokenizer": transformers.AutoTokenizer.from_pretrained(folder),
    }
    for name, tokenizer in tokenizers.items():
        highest = max(tokenizer.get_vocab().values(), default=0)
        if highest >= vocab_size:
            problems.append(f"{name}: token id {highest}, but the model has {vocab_size} tokens")
        if text is None:
            continue
        ids = tokenizer.encode(text, add_special_tokens=False)
        back = tokenizer.decode(ids, clean_up_tokenization_spaces=False)
        if back != text:
            at = next((i for i, (a, b) in enumerate(zip(text, back)) if a != b), None)
            at = min(len(text), len(back)) if at is None else at
            problems.append(
                f"{name}: the text comes back different from character {at} on:"
                f" {back[at:at + 20]!r} instead of {text[at:at + 20]!r}"
            )
    return problems


def check(folder, args, text):
    """The passed and failed checks of one directory."""
    if not (folder / "config.json").is_file():
        return [], ["no config.json"]
    model, problems = load(folder, args.name or class_of(folder))
    fine = [f"{sum(1 for _ in keys_in(folder))} tensors"]
    if args.against and not problems:
        worst, wrong = compare(model, args.against)
        fine.append(f"outputs within {worst:.1e}")
        problems += wrong
    if (folder / "tokenizer.json").is_file():
        problems += check_tokenizer(folder, model.config.vocab_size, text)
        fine.append("tokenizer" if text is None else "tokenizer round-trips")
    elif text is not None:
        problems.append("no tokenizer.json to read the text with")
    return fine, problems


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", nargs="+", type=pathlib.Path)
    parser.add_argument("--against", type=pathlib.Path, help="a case's folder below tests/golden")
    parser.add_argument("--text", type=pathlib.Path, help="a file that tokenizing must preserve")
    parser.add_argument("--class", dest="name", help="another one than config.json names")
    args = parser.parse_args()
    if args.text and not args.text.is_file():
        parser.error(f"no file {args.text}")
    if args.against and not (args.against / "golden.safetensors").is_file():
        parser.error(f"no golden.safetensors in {args.against}")
    # Bytes first: reading as text would turn \r\n into \n.
    text = None if args.text is None else args.text.read_bytes().decode("utf-8")

    torch.set_num_threads(1)
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()

    failed = False
    for folder in args.directory:
        try:
            fine, problems = check(folder, args, text)
        except Exception as error:  # any loading error is a result
            fine, problems = [], [f"{type(error).__name__}: {error}"]
        failed |= bool(problems)
        for problem in problems:
            print(f"{folder}: {problem}", file=sys.stderr)
        if not problems:
            print(f"{folder}: {', '.join(fine)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
