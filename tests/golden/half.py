#!/usr/bin/env python3
"""Writes half.json: the error of transformers in half precision against f64.

    half.py                     every case
    half.py gpt2 llama/yarn     a family, a case; the others are unchanged
    half.py --check [case ...]  recomputes them and compares within factors

README.md defines the quantities. One machine reproduces the same bytes. Another kind of CPU
sums in another order and so rounds differently, hence the factors: two in `forward`, ten in
`training`, where one rounding across the kink of a ReLU changes the gradients more than all others.
"""

import argparse
import contextlib
import functools
import json
import math
import sys
from unittest import mock

from reference import HERE, VERSIONS  # before torch: it sets the threads

import safetensors.torch
import torch
import transformers

import generate
from cases import CASES
from tasks import forward, make_batch, masks_of, unmasked

PATH = HERE / "half.json"
DTYPES = {"bf16": torch.bfloat16, "f16": torch.float16}
# Of the 50 steps of generate.py: rounding accumulates, and later steps would add little.
STEPS = 20
# The largest distance of a stored output from f64; beyond it the computations differ.
SAME = 1e-5
# The allowed change by another CPU.
FACTORS = {"forward": 2.0, "training": 10.0}


def finite(value):
    """Three digits; null if the value is not finite."""
    return float(f"{value:.2e}") if math.isfinite(value) else None


def norm_of(tensors):
    return math.sqrt(sum(tensor.double().square().sum().item() for tensor in tensors))


def errors(found, exact):
    apart = found.double() - exact
    largest = max(1.0, exact.abs().max().item())
    worst = apart.abs().max().item()
    return {"l2": finite(norm_of([apart]) / norm_of([exact])), "max": finite(worst / largest)}


def forward_errors(case, batch, exact, dtype):
    """Errors by output, with the default attention, at token positions."""
    model = generate.load(case, HERE / case.id, dtype, attention=None)
    with torch.no_grad():
        found = forward(case.task, model, batch.inputs)  # image models cast images themselves
    masks = masks_of(case.task, batch.inputs)
    kept = lambda tensors, name: unmasked(tensors[name], masks.get(name))
    return {name: errors(kept(found, name), kept(exact, name)) for name in exact}


@contextlib.contextmanager
def autocast(dtype):
    """The results of generate.py, with the forward in mixed precision and the default attention."""

    def mixed(task, model, inputs, _):
        with torch.autocast("cpu", dtype):
            return forward(task, model, inputs)

    load = functools.partial(generate.load, attention=None)
    with mock.patch.multiple(generate, forward=mixed, load=load):
        yield


def training(case, batch, dtype=torch.float32):
    """The gradients of the first step, and the losses."""
    folder = HERE / case.id
    _, grads = generate.gradients(case, folder, batch, dtype)
    losses, _ = generate.training_losses(case, folder, batch, dtype)
    return grads, losses


def training_errors(case, batch, exact, dtype):
    with autocast(dtype):
        grads, losses = training(case, batch)
    exact_grads, exact_losses = exact
    assert grads.keys() == exact_grads.keys(), f"{case.id}: other gradients"
    assert all(grad.dtype == torch.float32 for grad in grads.values()), f"{case.id}: no f32"
    apart = [grads[key].double() - exact_grads[key] for key in grads]
    off = [abs(a - b) for a, b in zip(losses, exact_losses, strict=True)]
    return {
        "gradients": finite(norm_of(apart) / norm_of(exact_grads.values())),
        "losses": finite(max(off, key=lambda x: math.inf if math.isnan(x) else x)),
    }


def exact_outputs(case, batch):
    """Results in f64, checked against the stored ones."""
    folder = HERE / case.id
    exact = generate.outputs_of(case, folder, batch.inputs, torch.float64)
    golden = safetensors.torch.load_file(folder / "golden.safetensors")
    masks = masks_of(case.task, batch.inputs)
    for name, tensor in exact.items():
        assert tensor.dtype == torch.float64, f"{case.id}: {name} is {tensor.dtype}"
        stored = errors(unmasked(golden[name], masks.get(name)), unmasked(tensor, masks.get(name)))
        assert stored["max"] < SAME, f"{case.id}: {name} is not the stored one: {stored}"
    return exact


def measure(case):
    batch = make_batch(case, generate.config_of(case))
    exact = exact_outputs(case, batch)
    trained = training(case, batch, torch.float64) if case.train else None
    found = {}
    for name, dtype in DTYPES.items():
        found[name] = {"forward": forward_errors(case, batch, exact, dtype)}
        if trained:
            found[name]["training"] = training_errors(case, batch, trained, dtype)
    return found


def flat(value, path=""):
    """Values by their path."""
    if not isinstance(value, dict):
        return {path: value}
    return {at: x for key, each in value.items() for at, x in flat(each, f"{path} {key}").items()}


def compare(id, stored, fresh):
    stored, fresh = flat(stored, id), flat(fresh, id)
    problems = [f"{at}: only on one side" for at in sorted(stored.keys() ^ fresh.keys())]
    for at in sorted(stored.keys() & fresh.keys()):
        a, b = stored[at], fresh[at]
        factor = FACTORS[at.split()[2]]  # the case, the dtype, and then this
        apart = a != b if a is None or b is None else max(a, b) > factor * min(a, b)
        if apart:
            problems.append(f"{at}: {b}, stored {a}")
    return problems


def write(cases):
    """One case per line."""
    dump = functools.partial(json.dumps, sort_keys=True)
    lines = ",\n".join(f"    {dump(id)}: {dump(cases[id])}" for id in sorted(cases))
    about = dump({"steps": STEPS, "versions": VERSIONS})
    text = f'{{\n  "about": {about},\n  "cases": {{\n{lines}\n  }}\n}}\n'
    PATH.write_text(text, encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("case", nargs="*", help="`family` or `family/case`; default: all")
    parser.add_argument("--check", action="store_true", help="compare and write nothing")
    args = parser.parse_args()
    wanted = {name: [c for c in CASES if name in (c.id, c.family)] for name in args.case}
    unknown = [name for name, found in wanted.items() if not found]
    if unknown:
        parser.error(f"no case {', '.join(unknown)}")
    chosen = {case.id: case for found in wanted.values() or [CASES] for case in found}

    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    generate.STEPS = STEPS

    stored = json.loads(PATH.read_text(encoding="utf-8"))["cases"] if PATH.is_file() else {}
    fresh = {}
    for id, case in chosen.items():
        print(id, file=sys.stderr)
        fresh[id] = measure(case)
    if args.check:
        problems = [line for id in fresh for line in compare(id, stored.get(id, {}), fresh[id])]
        problems += [f"{id}: no such case" for id in sorted(stored.keys() - {c.id for c in CASES})]
        for problem in problems:
            print(problem, file=sys.stderr)
        return 1 if problems else 0
    write({case.id: found for case in CASES if (found := fresh.get(case.id, stored.get(case.id)))})
    return 0


if __name__ == "__main__":
    sys.exit(main())
