#!/usr/bin/env python3
"""Writes the golden fixtures: tiny random models, and transformers' results for them.

    generate.py                     every case, and rope.json
    generate.py gpt2 llama/yarn     a family, a case; `rope` is rope.json
    generate.py --check [case ...]  regenerates into a temporary folder and compares the bytes
    generate.py --list              the names of the cases

README.md describes the files; cases/ has the tables of cases, tasks.py the inputs and outputs of
each task.
"""

import argparse
import json
import pathlib
import shutil
import sys
import tempfile

from reference import HERE, VERSIONS  # before torch: it sets the threads

import safetensors.torch
import torch
import transformers
from transformers import core_model_loading

import own
from cases import CASES, DYNAMIC_LENGTHS, ROPES
from files import compare, replace, selected, write_pretty
from tasks import (
    TASKS, distance, forward, furthest, loss_of, make_batch, masks_of, pad_left, unmasked,
)

# ------------------------------------------------------------------------------------ thresholds

# The least change of some output by a wrong config value: a hundred times the tolerance.
CONTRAST = 1e-3
# The least change by noise of size 0.1 on one tensor.
PERTURBATION = 1e-3
# The largest change by the same noise on a tensor without effect.
INERT = 1e-5
# The least margin between the two largest logits in a greedy continuation, so that rounding
# cannot select another token.
MARGIN = 1e-3

NEW_TOKENS = 12
STEPS = 50


# ---------------------------------------------------------------------------------------- models


def config_of(case, overrides=None):
    entries = {**case.config, **(overrides or {})}
    if case.family in own.REFERENCES:
        return own.REFERENCES[case.family].config_of(case.family, entries)
    return transformers.AutoConfig.for_model(case.family, **entries)


def new_model(case):
    if case.family in own.REFERENCES:
        return own.REFERENCES[case.family].new(config_of(case))
    auto = getattr(transformers, TASKS[case.task].auto)
    return auto.from_config(config_of(case), dtype=torch.float32)


def load(case, folder, dtype=torch.float32, attention="eager", config=None):
    """A fresh model from files, so that no state (as of dynamic rope) outlives one forward pass."""
    if case.family in own.REFERENCES:
        return own.REFERENCES[case.family].load(folder, dtype, config).eval()
    config = {} if config is None else {"config": config}
    model, info = getattr(transformers, TASKS[case.task].auto).from_pretrained(
        folder, dtype=dtype, attn_implementation=attention, output_loading_info=True,
        experts_implementation="eager",  # the default one does not support f64
        **config,
    )
    # transformers 5 ignores `attn.bias` of old files silently, and reports `attn.masked_bias`.
    ignored = (".attn.masked_bias", *case.unused)
    unexpected = [key for key in info["unexpected_keys"] if not key.endswith(ignored)]
    wrong = {**info, "unexpected_keys": unexpected}
    assert not any(wrong.values()), f"{folder}: {wrong}"
    return model.eval()


def outputs_of(case, folder, inputs, dtype=torch.float32, attention="eager", config=None):
    model = load(case, folder, dtype, attention, config)
    with torch.no_grad():
        return forward(case.task, model, inputs, dtype)


# ------------------------------------------------------------------------------------ one fixture


def checkpoint_files(folder):
    return sorted(folder.glob("model*.safetensors"))


def read_checkpoint(folder):
    tensors = {}
    for path in checkpoint_files(folder):
        tensors.update(safetensors.torch.load_file(path))
    return tensors


def write_model(case, folder):
    """A random model without tensors of zeros or ones, saved with save_pretrained."""
    torch.manual_seed(case.seed)
    model = new_model(case)
    with torch.no_grad():
        for parameter in model.parameters():  # tied ones once
            if not parameter.requires_grad:
                continue  # a sinusoidal table
            parameter.add_(torch.randn_like(parameter), alpha=0.05)
        for name, buffer in model.named_buffers():
            if name == "final_logits_bias":
                buffer.add_(torch.randn_like(buffer), alpha=0.5)
    model.save_pretrained(folder, max_shard_size=case.max_shard_size)
    (folder / "generation_config.json").unlink(missing_ok=True)
    if case.rewrite:
        case.rewrite(folder)


def key_in_file(name, keys, prefix):
    """The key of a parameter: its name in the model, without a prefix, or with older names."""
    for key in (name, name.removeprefix(prefix)):
        old = key.replace("LayerNorm.weight", "LayerNorm.gamma")
        old = old.replace("LayerNorm.bias", "LayerNorm.beta")
        found = [found for found in (key, old) if found in keys]
        if found:
            return found[0]
    return None


def names_of(model):
    """Every parameter with its names: more than one if it is tied."""
    names = {}
    for name, parameter in model.named_parameters(remove_duplicate=False):
        names.setdefault(parameter, []).append(name)
    return names


def gradients(case, folder, batch, dtype=torch.float32):
    """The outputs, the loss, and d loss / d parameter by checkpoint key."""
    model = load(case, folder, dtype)
    found = forward(case.task, model, {**batch.inputs, **batch.labels}, dtype)
    found["loss"] = loss_of(case.task, found, batch)
    found["loss"].backward()
    in_file = read_checkpoint(folder)
    prefix = model.base_model_prefix + "."
    by_name = {}
    for parameter, names in names_of(model).items():
        in_use = [name for name in names if key_in_file(name, in_file, prefix)]
        if parameter.grad is not None:  # it affects the loss
            by_name[(in_use or names)[0]] = parameter.grad
    if any(key_in_file(name, in_file, prefix) is None for name in by_name):
        # Other names in the file, a tensor per expert, or separate queries, keys and values.
        if case.family in own.REFERENCES:
            by_name = own.REFERENCES[case.family].to_checkpoint(by_name)
        else:
            by_name = core_model_loading.revert_weight_conversion(model, by_name)
        by_name = {name: grad.clone() for name, grad in by_name.items()}
    grads = {}
    for name, grad in by_name.items():
        key = key_in_file(name, in_file, prefix)
        assert key is not None, f"{name} is not in the checkpoint of {folder}"
        grads[f"grad.{key}"] = grad
    return {name: tensor.detach() for name, tensor in found.items()}, grads


def training_losses(case, folder, batch, dtype=torch.float32):
    """Losses and gradient norms before each of the steps, on one batch."""
    model = load(case, folder, dtype).train()
    decayed = [p for p in model.parameters() if p.dim() >= 2]
    rest = [p for p in model.parameters() if p.dim() < 2]
    groups = [{"params": decayed, "weight_decay": 0.1}, {"params": rest, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.95), eps=1e-8, foreach=False)
    losses, norms = [], []
    for _ in range(STEPS):
        optimizer.zero_grad()
        found = forward(case.task, model, {**batch.inputs, **batch.labels}, dtype)
        loss = loss_of(case.task, found, batch)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0, foreach=False)
        optimizer.step()
        losses.append(loss.item())
        norms.append(norm.item())
    return losses, norms


def continuation(case, folder, ids, mask):
    """Greedy with the cache, without an end token; and the smallest margin of a selected token."""
    model = load(case, folder)
    if case.family in own.REFERENCES:
        new, scores = own.REFERENCES[case.family].greedy(model, ids, mask, NEW_TOKENS)
        best = scores.topk(2).values
        return new.tolist(), (best[..., 0] - best[..., 1]).min().item()
    model.generation_config = transformers.GenerationConfig(
        do_sample=False, max_new_tokens=NEW_TOKENS, use_cache=True, pad_token_id=0,
        output_scores=True, return_dict_in_generate=True,
    )
    model.config.eos_token_id = None
    output = model.generate(ids, attention_mask=mask)
    new = output.sequences[:, ids.shape[1]:]
    assert new.shape[1] == NEW_TOKENS, f"{folder}: the continuation ended early"
    best = torch.stack(output.scores).topk(2).values
    return new.tolist(), (best[..., 0] - best[..., 1]).min().item()


def make_continuations(case, folder, batch, left):
    prompts = [row["input_ids"] for row in batch.rows]
    alone = [continuation(case, folder, ids, torch.ones_like(ids)) for ids in prompts]
    together, margin = continuation(case, folder, left["input_ids"], left["attention_mask"])
    rows = [new[0] for new, _ in alone]
    margin = min([margin] + [margin for _, margin in alone])
    assert rows == together, f"{case.id}: a left-padded row continues differently"
    assert margin > MARGIN, f"{case.id}: two tokens are only {margin} apart; take another seed"
    assert max(len(set(row)) for row in rows) > 3, f"{case.id}: the continuations say nothing"
    return {
        "max_new_tokens": NEW_TOKENS,
        "prompts": [ids[0].tolist() for ids in prompts],
        "continuations": rows,
        "left": {
            "input_ids": left["input_ids"].tolist(),
            "attention_mask": left["attention_mask"].tolist(),
            "continuations": together,
        },
        "smallest_margin": rounded(margin),
    }


def perturbed(case, folder, batch, golden):
    """Adds noise to each tensor of the file in turn: each must change the outputs."""
    tensors = read_checkpoint(folder)
    generator = torch.Generator().manual_seed(2000 + case.seed)
    ignored = (".attn.bias", ".attn.masked_bias", *case.unused)
    smallest = float("inf")
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        shutil.copy(folder / "config.json", scratch)
        for key, tensor in tensors.items():
            noise = 0.1 * torch.randn(tensor.shape, generator=generator)
            changed = {**tensors, key: tensor + noise}
            safetensors.torch.save_file(
                changed, scratch / "model.safetensors", metadata={"format": "pt"}
            )
            found = outputs_of(case, scratch, batch.inputs)
            moved = furthest(case.task, found, golden, batch.inputs)
            if key.endswith(ignored):
                assert moved == 0.0, f"{case.id}: {key} is not ignored"
            elif case.inert and key.endswith(case.inert):
                assert moved < INERT, f"{case.id}: {key} moves the outputs by {moved}"
            else:
                assert moved > PERTURBATION, f"{case.id}: {key} moves the outputs by only {moved}"
                smallest = min(smallest, moved)
    return smallest


def contrasts(case, folder, batch, golden):
    moved = {}
    for what, overrides in {**case.differs, **case.equals}.items():
        other = outputs_of(case, folder, batch.inputs, config=config_of(case, overrides))
        moved[what] = furthest(case.task, other, golden, batch.inputs)
        if what in case.differs:
            assert moved[what] > CONTRAST, f"{case.id}: {what} changes only {moved[what]}"
        else:
            assert moved[what] == 0.0, f"{case.id}: {what} changes {moved[what]}"
    return moved


def noise_floors(case, folder, batch, found, grads):
    """The deviation of the same results in f64, and with another attention implementation."""
    found64, grads64 = gradients(case, folder, batch, torch.float64)
    masks = masks_of(case.task, batch.inputs)
    apart = lambda name: distance(found[name], found64[name], masks.get(name))
    task = TASKS[case.task]
    noise = {f"{name}_f32_f64": apart(name) for name in task.outputs if name in found}
    if load(case, folder)._supports_sdpa:
        fused = outputs_of(case, folder, batch.inputs, attention="sdpa")
        noise[f"{task.outputs[0]}_eager_sdpa"] = furthest(case.task, fused, found, batch.inputs)
    states = [name for name in (*task.states, "loss") if name in found]
    noise |= {f"{name}_f32_f64": apart(name) for name in states}
    noise["gradients_f32_f64"] = max(distance(grads[key], grads64[key]) for key in grads)
    return noise


def rounded(x):
    return float(f"{x:.1e}")


def write_case(case, root):
    folder = root / case.family / case.name
    folder.mkdir(parents=True)
    write_model(case, folder)
    batch = make_batch(case, config_of(case))
    task = TASKS[case.task]
    is_causal = case.task == "causal"
    left = pad_left(batch, case.lengths) if is_causal else None

    golden, (found, grads) = compute(case, folder, batch, left)
    safetensors.torch.save_file(golden, folder / "golden.safetensors")

    noise = noise_floors(case, folder, batch, found, grads)
    if case.train:
        losses, norms = training_losses(case, folder, batch)
        losses64, _ = training_losses(case, folder, batch, torch.float64)
        noise["losses_f32_f64"] = max(abs(a - b) for a, b in zip(losses, losses64))
        optimizer = {
            "name": "AdamW", "lr": 1e-3, "betas": [0.9, 0.95], "eps": 1e-8,
            "weight_decay": 0.1, "decayed": "parameters of two or more dimensions",
            "clip_grad_norm": 1.0,
        }
        values = {"optimizer": optimizer, "losses": losses, "gradient_norms": norms}
        write_pretty(folder / "losses.json", values)
    if case.generate:
        continuations = make_continuations(case, folder, batch, left)
        write_pretty(folder / "generate.json", continuations)

    lists = lambda tensors: {key: tensor.tolist() for key, tensor in tensors.items()}
    named = {} if is_causal else {"task": case.task}
    inputs = {key: tensor for key, tensor in batch.inputs.items() if key != "pixel_values"}
    several = {}
    if case.task == "choice":  # the choices of a question in consecutive rows
        several = dict(choices=inputs["input_ids"].shape[1])
        inputs = {key: tensor.flatten(0, 1) for key, tensor in inputs.items()}
    inputs = {**named, **several, **lists(inputs), **lists(batch.labels)}
    if is_causal:
        inputs["left"] = lists(left)
    write_pretty(folder / "inputs.json", inputs)
    first = task.outputs[0]
    mask = masks_of(case.task, batch.inputs).get(first)
    largest = unmasked(found[first], mask).abs().max().item()
    meta = {
        "case": case.id,
        **named,
        "versions": VERSIONS,
        "seeds": {"weights": case.seed, "inputs": 1000 + case.seed},
        "parameters": sum(parameter.numel() for parameter in load(case, folder).parameters()),
        "largest_logit" if "logits" in first else "largest_output": rounded(largest),
        "noise": {key: rounded(value) for key, value in noise.items()},
        "smallest_change_by_a_tensor": rounded(perturbed(case, folder, batch, found)),
        "change_by_config": {
            key: rounded(value) for key, value in contrasts(case, folder, batch, found).items()
        },
    }
    write_pretty(folder / "meta.json", meta)

    if len(checkpoint_files(folder)) == 1:
        assert case.max_shard_size == "1GB", f"{case.id} is not sharded"
    else:
        assert len(checkpoint_files(folder)) >= 3, f"{case.id} has too few shards"
    if case.repeats:
        original = next(c for c in CASES if c.id == f"{case.family}/{case.repeats}")
        check_repeats(case, original, golden, grads)


def compute(case, folder, batch, left):
    """All tensors of golden.safetensors; and the outputs and gradients among them."""
    found, grads = gradients(case, folder, batch)
    golden = {**found, **grads}
    for row, alone in enumerate(batch.rows):
        outputs = outputs_of(case, folder, alone)
        for name in TASKS[case.task].outputs:
            if name in outputs:
                golden[f"rows.{row}.{name}"] = outputs[name]
    if left is not None:
        golden["left.logits"] = outputs_of(case, folder, left)["logits"]
    if "pixel_values" in batch.inputs:
        golden["pixel_values"] = batch.inputs["pixel_values"]
    # Copies: the pooled output may be a view of the hidden states.
    copy = lambda tensor: tensor.clone(memory_format=torch.contiguous_format)
    return {key: copy(tensor) for key, tensor in golden.items()}, (found, grads)


def check_repeats(case, original, golden, grads):
    """An older layout of the same weights gives bit-identical results."""
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        write_model(original, scratch)
        batch = make_batch(original, config_of(original))
        left = pad_left(batch, original.lengths) if original.task == "causal" else None
        theirs, (_, their_grads) = compute(original, scratch, batch, left)
        for key in theirs.keys() - their_grads.keys():
            assert torch.equal(golden[key], theirs[key]), f"{case.id}: {key} is not the original's"
        pairs = zip(grads.values(), their_grads.values(), strict=True)
        assert all(torch.equal(mine, other) for mine, other in pairs), f"{case.id}: gradients"


# ------------------------------------------------------------------------------------------- rope


def rope_entry(name, entries, length):
    """The rotary module's values for a sequence of `length`, computed as in a forward pass."""
    config = {
        "model_type": "llama", "vocab_size": 41, "hidden_size": 64, "intermediate_size": 64,
        "num_hidden_layers": 1, "num_attention_heads": 4, "num_key_value_heads": 4,
        "hidden_act": "silu", "rms_norm_eps": 1e-5, "tie_word_embeddings": False,
        "head_dim": 64, "max_position_embeddings": 4096, **entries,
    }
    copy = json.loads(json.dumps(config))  # transformers edits nested dictionaries in place
    typed = transformers.AutoConfig.for_model(copy.pop("model_type"), **copy)
    rotary = transformers.models.llama.modeling_llama.LlamaRotaryEmbedding(typed)
    if length is not None:
        rotary(torch.zeros(1), torch.arange(length)[None])
    function = transformers.modeling_rope_utils.ROPE_INIT_FUNCTIONS.get(
        typed.rope_parameters["rope_type"], rotary.compute_default_rope_parameters
    )
    seq_len = {} if length is None else {"seq_len": torch.tensor(length)}
    inv_freq, scaling = function(typed, **seq_len)
    assert torch.equal(inv_freq, rotary.inv_freq) and scaling == rotary.attention_scaling
    return {
        "name": name,
        "config": config,
        "rope_parameters": typed.rope_parameters,
        "seq_len": length,
        "attention_scaling": float(scaling),
        "inv_freq": inv_freq.double().tolist(),
    }


def write_rope(root):
    entries = [
        rope_entry(name, config, length)
        for name, config in ROPES.items()
        for length in DYNAMIC_LENGTHS.get(name, (None,))
    ]
    write_pretty(root / "rope.json", {"versions": VERSIONS, "ropes": entries})


# -------------------------------------------------------------------------------------------- CLI


def all_jobs():
    """The writer of each file, by the path below tests/golden."""
    jobs = {case.id: lambda root, case=case: write_case(case, root) for case in CASES}
    jobs["rope.json"] = write_rope
    return jobs


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("case", nargs="*", help="`family`, `family/case` or `rope`; default: all")
    parser.add_argument("--check", action="store_true", help="compare bytes and write nothing")
    parser.add_argument("--list", action="store_true", help="list the cases")
    args = parser.parse_args()
    jobs = selected(args.case, all_jobs())
    if args.list:
        print("\n".join(jobs))
        return 0

    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()

    problems = []
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        for id, write in jobs.items():
            print(id, file=sys.stderr)
            write(scratch)
            if args.check:
                problems += compare(HERE / id, scratch / id, id)
            else:
                replace(HERE / id, scratch / id)
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
