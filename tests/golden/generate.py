#!/usr/bin/env python3
"""Writes the golden fixtures: tiny random models, and what transformers computes with them.

    generate.py                     every case, and rope.json
    generate.py gpt2 llama/yarn     a family, a case; `rope` is rope.json
    generate.py --check [case ...]  regenerates into a temporary folder and compares the bytes
    generate.py --list              the names of the cases

README.md says what each file holds; cases.py is the table of cases.
"""

import argparse
import contextlib
import json
import pathlib
import shutil
import sys
import tempfile
from unittest import mock

from reference import HERE, VERSIONS  # before torch: it sets the threads

import safetensors.torch
import torch
import transformers
from transformers import core_model_loading

from cases import CASES, DYNAMIC_LENGTHS, ROPES

# ------------------------------------------------------------------------------------ thresholds

# What a wrong config value must change at least in some logit: a hundred times the tolerance.
CONTRAST = 1e-3
# What noise of size 0.1 on one tensor must change.
PERTURBATION = 1e-3
# What the same noise may change at most where a tensor has no effect.
INERT = 1e-5
# The least distance of the best from the second logit in a greedy continuation, so that rounding
# cannot pick another token.
MARGIN = 1e-3

NEW_TOKENS = 12
STEPS = 50
# Any id does: a mask, not the id, says what is padding, and 0 occurs as a token as well.
PADDING = 0

# ------------------------------------------------------------------------------------ one forward


def config_of(case, overrides=None):
    return transformers.AutoConfig.for_model(case.family, **{**case.config, **(overrides or {})})


def load(folder, dtype=torch.float32, attention="eager", config=None):
    """A fresh model from files, so that no state (dynamic rope keeps some) outlives one forward."""
    config = {} if config is None else {"config": config}
    model, info = transformers.AutoModelForCausalLM.from_pretrained(
        folder, dtype=dtype, attn_implementation=attention, output_loading_info=True,
        experts_implementation="eager",  # the usual one knows no f64
        **config,
    )
    # transformers 5 ignores `attn.bias` of old files silently, and names `attn.masked_bias`.
    unexpected = [key for key in info["unexpected_keys"] if not key.endswith(".attn.masked_bias")]
    wrong = {**info, "unexpected_keys": unexpected}
    assert not any(wrong.values()), f"{folder}: {wrong}"
    return model.eval()


@contextlib.contextmanager
def really(dtype):
    """transformers computes norms, angles and softmax in f32 whatever the dtype: not here."""
    if dtype == torch.float32:
        yield
        return
    with (
        mock.patch.object(torch, "float32", dtype),
        mock.patch.object(torch, "float", dtype),
        mock.patch.object(torch.Tensor, "float", torch.Tensor.double),
    ):
        yield


def forward(model, dtype=torch.float32, **inputs):
    """The output, and the base model's (after its final norm)."""
    seen = []
    base = model.base_model
    if model.config.model_type == "opt":  # which goes past its base model
        base = base.decoder
    hook = base.register_forward_hook(lambda _model, _args, out: seen.append(out))
    with really(dtype):
        output = model(**inputs, use_cache=False)
    hook.remove()
    return output, seen[0].last_hidden_state


def logits_of(folder, inputs, dtype=torch.float32, attention="eager", config=None):
    with torch.no_grad():
        return forward(load(folder, dtype, attention, config), dtype, **inputs)[0].logits


def distance(a, b, mask=None):
    """The largest absolute difference, at unmasked positions where there is a mask."""
    difference = (a.double() - b.double()).abs()
    return (difference if mask is None else difference[mask.bool()]).max().item()


# ---------------------------------------------------------------------------------------- inputs


def make_inputs(case, vocab_size):
    """Rows of different lengths, padded on the right, and the same rows padded on the left."""
    generator = torch.Generator().manual_seed(1000 + case.seed)
    width = max(case.lengths)
    ids = torch.full((len(case.lengths), width), PADDING)
    mask = torch.zeros_like(ids)
    for row, length in enumerate(case.lengths):
        ids[row, :length] = torch.randint(vocab_size, (length,), generator=generator)
        mask[row, :length] = 1
    ids[0, 1], ids[1, 1] = vocab_size - 1, 0  # both ends of the vocabulary
    right = dict(input_ids=ids, attention_mask=mask)
    return right, ids.masked_fill(mask == 0, -100), pad_left(right, case.lengths)


def pad_left(right, lengths):
    shift = lambda x: torch.stack([row.roll(-length) for row, length in zip(x, lengths)])
    mask = shift(right["attention_mask"])
    positions = (mask.cumsum(1) - 1).clamp(min=0)  # as `generate` numbers them
    return dict(input_ids=shift(right["input_ids"]), attention_mask=mask, position_ids=positions)


# ------------------------------------------------------------------------------------ one fixture


def checkpoint_files(folder):
    return sorted(folder.glob("model*.safetensors"))


def read_checkpoint(folder):
    tensors = {}
    for path in checkpoint_files(folder):
        tensors.update(safetensors.torch.load_file(path))
    return tensors


def write_model(case, folder):
    """A random model in which no tensor is zero or one, as save_pretrained writes it."""
    torch.manual_seed(case.seed)
    model = transformers.AutoModelForCausalLM.from_config(config_of(case), dtype=torch.float32)
    with torch.no_grad():
        for parameter in model.parameters():  # a tied one once
            parameter.add_(torch.randn_like(parameter), alpha=0.05)
    model.save_pretrained(folder, max_shard_size=case.max_shard_size)
    (folder / "generation_config.json").unlink(missing_ok=True)
    if case.rewrite:
        case.rewrite(folder)
    return sum(parameter.numel() for parameter in model.parameters())


def gradients(folder, right, labels, dtype=torch.float32):
    """The loss, the hidden states, the logits, and d loss / d parameter by checkpoint key."""
    model = load(folder, dtype)
    output, hidden = forward(model, dtype, **right, labels=labels)
    output.loss.backward()
    in_file = read_checkpoint(folder)
    prefix = model.base_model_prefix + "."
    by_name = {name: p.grad for name, p in model.named_parameters()}  # a tied one once
    if by_name.keys() - in_file.keys() - {prefix + key for key in in_file}:
        # Other names in the file, or a tensor per expert.
        by_name = core_model_loading.revert_weight_conversion(model, by_name)
        by_name = {name: grad.clone() for name, grad in by_name.items()}
    grads = {}
    for name, grad in by_name.items():
        key = name if name in in_file else name.removeprefix(prefix)
        assert key in in_file, f"{name} is not in the checkpoint of {folder}"
        grads[f"grad.{key}"] = grad
    return output.loss.detach(), hidden.detach(), output.logits.detach(), grads


def training_losses(folder, right, labels, dtype=torch.float32):
    """Losses and gradient norms before each of the steps, on one batch."""
    model = load(folder, dtype).train()
    decayed = [p for p in model.parameters() if p.dim() >= 2]
    rest = [p for p in model.parameters() if p.dim() < 2]
    groups = [{"params": decayed, "weight_decay": 0.1}, {"params": rest, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.95), eps=1e-8, foreach=False)
    losses, norms = [], []
    for _ in range(STEPS):
        optimizer.zero_grad()
        output, _ = forward(model, dtype, **right, labels=labels)
        output.loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0, foreach=False)
        optimizer.step()
        losses.append(output.loss.item())
        norms.append(norm.item())
    return losses, norms


def continuation(folder, ids, mask):
    """Greedy, with the cache, never ending early; and the smallest lead of a chosen token."""
    model = load(folder)
    model.generation_config = transformers.GenerationConfig(
        do_sample=False, max_new_tokens=NEW_TOKENS, use_cache=True, pad_token_id=PADDING,
        output_scores=True, return_dict_in_generate=True,
    )
    model.config.eos_token_id = None
    output = model.generate(ids, attention_mask=mask)
    new = output.sequences[:, ids.shape[1]:]
    assert new.shape[1] == NEW_TOKENS, f"{folder}: the continuation ended early"
    best = torch.stack(output.scores).topk(2).values
    return new.tolist(), (best[..., 0] - best[..., 1]).min().item()


def make_continuations(case, folder, right, left):
    prompts = [ids[:n] for ids, n in zip(right["input_ids"], case.lengths)]
    alone = [continuation(folder, p[None], torch.ones_like(p[None])) for p in prompts]
    batch, margin = continuation(folder, left["input_ids"], left["attention_mask"])
    rows = [new[0] for new, _ in alone]
    margin = min([margin] + [margin for _, margin in alone])
    assert rows == batch, f"{case.id}: a left-padded row continues differently"
    assert margin > MARGIN, f"{case.id}: two tokens are only {margin} apart; take another seed"
    assert max(len(set(row)) for row in rows) > 3, f"{case.id}: the continuations say nothing"
    return {
        "max_new_tokens": NEW_TOKENS,
        "prompts": [p.tolist() for p in prompts],
        "continuations": rows,
        "left": {
            "input_ids": left["input_ids"].tolist(),
            "attention_mask": left["attention_mask"].tolist(),
            "continuations": batch,
        },
        "smallest_margin": rounded(margin),
    }


def perturbed(case, folder, right, logits):
    """Adds noise to one tensor of the file after the other: each must change the logits."""
    tensors = read_checkpoint(folder)
    generator = torch.Generator().manual_seed(2000 + case.seed)
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
            moved = distance(logits_of(scratch, right), logits, right["attention_mask"])
            if key.endswith((".attn.bias", ".attn.masked_bias")):
                assert moved == 0.0, f"{case.id}: the buffer {key} is not ignored"
            elif case.inert and key.endswith(case.inert):
                assert moved < INERT, f"{case.id}: {key} moves the logits by {moved}"
            else:
                assert moved > PERTURBATION, f"{case.id}: {key} moves the logits by only {moved}"
                smallest = min(smallest, moved)
    return smallest


def contrasts(case, folder, right, logits):
    moved = {}
    for what, overrides in {**case.differs, **case.equals}.items():
        other = logits_of(folder, right, config=config_of(case, overrides))
        moved[what] = distance(other, logits, right["attention_mask"])
        if what in case.differs:
            assert moved[what] > CONTRAST, f"{case.id}: {what} changes only {moved[what]}"
        else:
            assert moved[what] == 0.0, f"{case.id}: {what} changes {moved[what]}"
    return moved


def rounded(x):
    return float(f"{x:.1e}")


def write_case(case, root):
    folder = root / case.family / case.name
    folder.mkdir(parents=True)
    parameters = write_model(case, folder)
    vocab_size = config_of(case).vocab_size
    right, labels, left = make_inputs(case, vocab_size)
    mask = right["attention_mask"]

    loss, hidden, logits, grads = gradients(folder, right, labels)
    golden = {"logits": logits, "last_hidden_state": hidden, "loss": loss, **grads}
    for row, length in enumerate(case.lengths):
        alone = dict(input_ids=right["input_ids"][row : row + 1, :length])
        golden[f"rows.{row}.logits"] = logits_of(folder, alone)
    golden["left.logits"] = logits_of(folder, left)
    golden = {key: tensor.contiguous() for key, tensor in golden.items()}
    safetensors.torch.save_file(golden, folder / "golden.safetensors")

    loss64, hidden64, logits64, grads64 = gradients(folder, right, labels, torch.float64)
    noise = {"logits_f32_f64": distance(logits, logits64, mask)}
    if load(folder)._supports_sdpa:
        fused = logits_of(folder, right, attention="sdpa")
        noise["logits_eager_sdpa"] = distance(logits, fused, mask)
    noise |= {
        "last_hidden_state_f32_f64": distance(hidden, hidden64, mask),
        "loss_f32_f64": distance(loss, loss64),
        "gradients_f32_f64": max(distance(grads[key], grads64[key]) for key in grads),
    }
    if case.train:
        losses, norms = training_losses(folder, right, labels)
        losses64, _ = training_losses(folder, right, labels, torch.float64)
        noise["losses_f32_f64"] = max(abs(a - b) for a, b in zip(losses, losses64))
        optimizer = {
            "name": "AdamW", "lr": 1e-3, "betas": [0.9, 0.95], "eps": 1e-8,
            "weight_decay": 0.1, "decayed": "parameters of two or more dimensions",
            "clip_grad_norm": 1.0,
        }
        values = {"optimizer": optimizer, "losses": losses, "gradient_norms": norms}
        write_pretty(folder / "losses.json", values)
    if case.generate:
        continuations = make_continuations(case, folder, right, left)
        write_pretty(folder / "generate.json", continuations)

    lists = lambda tensors: {key: tensor.tolist() for key, tensor in tensors.items()}
    inputs = {**lists(right), "labels": labels.tolist(), "left": lists(left)}
    write_pretty(folder / "inputs.json", inputs)
    meta = {
        "case": case.id,
        "versions": VERSIONS,
        "seeds": {"weights": case.seed, "inputs": 1000 + case.seed},
        "parameters": parameters,
        "largest_logit": rounded(logits[mask.bool()].abs().max().item()),
        "noise": {key: rounded(value) for key, value in noise.items()},
        "smallest_change_by_a_tensor": rounded(perturbed(case, folder, right, logits)),
        "change_by_config": {
            key: rounded(value) for key, value in contrasts(case, folder, right, logits).items()
        },
    }
    write_pretty(folder / "meta.json", meta)

    if len(checkpoint_files(folder)) == 1:
        assert case.max_shard_size == "1GB", f"{case.id} is not sharded"
    else:
        assert len(checkpoint_files(folder)) >= 3, f"{case.id} has too few shards"
    if case.repeats:
        original = next(c for c in CASES if c.id == f"{case.family}/{case.repeats}")
        check_repeats(case, original, folder, golden)


def check_repeats(case, original, folder, golden):
    """An older layout of the same weights computes the same numbers, bit for bit."""
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        write_model(original, scratch)
        right, labels, left = make_inputs(original, config_of(original).vocab_size)
        loss, _, logits, grads = gradients(scratch, right, labels)
        assert torch.equal(golden["logits"], logits), f"{case.id} differs from {original.id}"
        assert torch.equal(golden["loss"], loss), f"{case.id} differs from {original.id}"
        assert torch.equal(golden["left.logits"], logits_of(scratch, left))
        mine = [golden[key] for key in golden if key.startswith("grad.")]
        assert all(torch.equal(a, b) for a, b in zip(mine, grads.values(), strict=True))


# ------------------------------------------------------------------------------------------- rope


def rope_entry(name, entries, length):
    """What the rotary module uses for a sequence of `length`, computed as a forward computes it."""
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


# ---------------------------------------------------------------------------------- files and CLI


def pretty(value, indent=""):
    """JSON with every list of plain values on one line."""
    inner = indent + "  "
    if isinstance(value, dict) and value:
        lines = [f"{inner}{json.dumps(key)}: {pretty(v, inner)}" for key, v in value.items()]
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    if isinstance(value, list) and any(isinstance(v, (dict, list)) for v in value):
        return "[\n" + ",\n".join(inner + pretty(v, inner) for v in value) + f"\n{indent}]"
    return json.dumps(value)


def write_pretty(path, value):
    path.write_text(pretty(value) + "\n", encoding="utf-8")


def files_below(path):
    """The files of a folder, or the file itself, by the path from there."""
    paths = path.rglob("*") if path.is_dir() else [path]
    return {str(p.relative_to(path)): p for p in paths if p.is_file()}


def replace(stored, fresh):
    """Only a complete case takes the place of the old one."""
    if stored.is_dir():
        shutil.rmtree(stored)
    stored.parent.mkdir(exist_ok=True)
    shutil.move(fresh, stored)


def explain(mine, theirs):
    """How far two files are apart, where both hold tensors of the same names."""
    if mine.suffix != ".safetensors":
        return ""
    a, b = safetensors.torch.load_file(mine), safetensors.torch.load_file(theirs)
    if a.keys() != b.keys() or any(a[key].shape != b[key].shape for key in a):
        return ": other tensors"
    return f": tensors differ by up to {max(distance(a[key], b[key]) for key in a):.1e}"


def compare(stored, fresh, id):
    """Names the files that differ in any byte, and those that only one side has."""
    stored, fresh = files_below(stored), files_below(fresh)
    problems = [f"{id}/{path}: missing" for path in fresh.keys() - stored.keys()]
    problems += [f"{id}/{path}: not written any more" for path in stored.keys() - fresh.keys()]
    for path in stored.keys() & fresh.keys():
        if stored[path].read_bytes() != fresh[path].read_bytes():
            problems.append(f"{id}/{path}: differs{explain(stored[path], fresh[path])}")
    return sorted(problem.replace("/.:", ":") for problem in problems)


def selected(names):
    """The jobs that `names` ask for: a path below tests/golden, and what writes it."""
    jobs = {case.id: lambda root, case=case: write_case(case, root) for case in CASES}
    jobs["rope.json"] = write_rope
    chosen = {}
    for name in names or jobs:
        found = [id for id in jobs if name in (id, id.split("/")[0], id.removesuffix(".json"))]
        if not found:
            print(f"no case '{name}'; there are: {', '.join(jobs)}", file=sys.stderr)
            sys.exit(2)
        chosen.update({id: jobs[id] for id in found})
    return chosen


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("case", nargs="*", help="`family`, `family/case` or `rope`; default: all")
    parser.add_argument("--check", action="store_true", help="compare bytes and write nothing")
    parser.add_argument("--list", action="store_true", help="list the cases")
    args = parser.parse_args()
    jobs = selected(args.case)
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
