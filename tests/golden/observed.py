#!/usr/bin/env python3
"""Writes observed.safetensors: attention weights, hidden states, and gradients of embeddings.

    observed.py                     every case of CASES below
    observed.py gpt2 llama/yarn     a family, a case; the others are unchanged
    observed.py --check [case ...]  recomputes them and compares within 1e-6

The models and their batches are those of generate.py. Names of tensors: transformers' name of the
output, a dot and the layer (`cross_attentions.1`); `embeddings` and `embeddings.grad` are the
vectors of the first row's tokens, as the token table has them, and the gradient of the mean square
of the first output (logits, or hidden states) with respect to them.
"""

import argparse
import sys

from reference import HERE  # before torch: it sets the threads

import safetensors.torch
import torch

import generate
from cases import CASES
from files import selected
from tasks import make_batch

# Encoders, decoders, encoder-decoders and images; every mechanism and encoding of positions.
OBSERVED = (
    "bert/base", "roberta/base", "albert/base", "modernbert/base", "deberta-v2/base",
    "llama/base", "gemma2/base", "bloom/base", "t5/base", "bart/base", "vit/base", "dinov2/base",
)
# Observed with all rows of the batch and their padding; the others with the first row only.
PADDED = ("bert/base", "bart/base")
LISTS = (
    "hidden_states", "attentions", "encoder_hidden_states", "encoder_attentions",
    "decoder_hidden_states", "decoder_attentions", "cross_attentions",
)
SAME = 1e-6


def observed(case, folder, inputs):
    """Every hidden state and attention weight of a pass."""
    model = generate.load(case, folder)
    with torch.no_grad():
        result = model(**inputs, output_hidden_states=True, output_attentions=True)
    found = {}
    for name in LISTS:
        for layer, tensor in enumerate(getattr(result, name, None) or ()):
            found[f"{name}.{layer}"] = tensor.contiguous()
    assert any("hidden_states" in name for name in found), case.id
    assert any("attentions" in name for name in found), case.id
    return found


def embedded(case, folder, row):
    """The vectors of a row's tokens, and the gradient with respect to them."""
    model = generate.load(case, folder)
    table = model.get_input_embeddings()
    # Some modules multiply the vectors of the table; the vectors here are the table's.
    scale = float(getattr(table, "embed_scale", getattr(table, "scalar_embed_scale", 1.0)))
    vectors = table.weight[row["input_ids"]].detach().requires_grad_()
    rest = {name: x for name, x in row.items() if name != "input_ids"}
    result = model(inputs_embeds=vectors * scale, **rest)
    result[0].square().mean().backward()
    return {"embeddings": vectors.detach(), "embeddings.grad": vectors.grad}


def compute(case):
    folder = HERE / case.id
    model = generate.load(case, folder)
    batch = make_batch(case, model.config)
    found = observed(case, folder, batch.inputs if case.id in PADDED else batch.rows[0])
    if "input_ids" in batch.rows[0]:
        found.update(embedded(case, folder, batch.rows[0]))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with the stored files")
    parser.add_argument("cases", nargs="*")
    arguments = parser.parse_args()
    known = {case.id: case for case in CASES}
    for name in selected(arguments.cases, {name: None for name in OBSERVED}):
        case = known[name]
        path = HERE / case.id / "observed.safetensors"
        found = compute(case)
        if arguments.check:
            stored = safetensors.torch.load_file(path)
            assert stored.keys() == found.keys(), name
            worst = max((stored[key] - found[key]).abs().max().item() for key in stored)
            print(f"{name}: {worst:.1e}")
            if worst > SAME:
                sys.exit(f"{name} differs")
        else:
            safetensors.torch.save_file(found, path)
            print(f"{name}: {len(found)} tensors, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
