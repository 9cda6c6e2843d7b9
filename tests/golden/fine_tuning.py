#!/usr/bin/env python3
"""Writes fine_tuning.json: losses and gradients of transformers' heads while they learn a task or a
pre-training objective.

    fine_tuning.py              every case
    fine_tuning.py --check      recomputes them and compares within 1e-6

The weights are those of other fixtures, which have the head already; nothing is random. The losses
are transformers' own (`model(..., labels=...)`), in evaluation mode, so that there is no dropout;
those of sentence vectors are the formulas of sentence-transformers over the hidden states. With class
weights, they are `torch.nn.CrossEntropyLoss(weight=...)` of the logits.
"""

import argparse
import sys

from reference import HERE, VERSIONS  # before torch: it sets the threads

import json

import torch
import transformers
from transformers import core_model_loading

from files import write_pretty

PATH = HERE / "fine_tuning.json"
STEPS, BATCHES, ROWS = 50, 4, 4
OPTIMIZER = dict(lr=1e-3, betas=[0.9, 0.999], eps=1e-8, weight_decay=0.01, clip_grad_norm=1.0)
SAME = 1e-6
IGNORE = -100

SEQUENCE = transformers.AutoModelForSequenceClassification
TOKEN = transformers.AutoModelForTokenClassification
SPAN = transformers.AutoModelForQuestionAnswering
TEXT = transformers.AutoModelForSeq2SeqLM
BASE = transformers.AutoModel
MASKED = transformers.AutoModelForMaskedLM
IMAGE = transformers.AutoModelForImageClassification

# Task, folder of the model, and weights of the classes if there are any.
CASES = (
    ("classification", "bert/sequence"),
    ("classification", "roberta/sequence"),
    ("classification", "distilbert/sequence"),
    ("classification", "gpt2/sequence"),
    ("classification", "bart/sequence"),
    ("multi-label-classification", "bert/sequence"),
    ("multi-label-classification", "pipelines/text-classification/roberta-multi"),
    ("regression", "pipelines/text-classification/bert-regression"),
    ("tagging", "bert/token"),
    ("tagging", "t5/token"),
    ("question-answering", "bert/span"),
    ("question-answering", "distilbert/span"),
    ("text-to-text", "t5/base"),
    ("text-to-text", "bart/base"),
    ("ranking", "pipelines/text-classification/bert-regression"),
    ("multiple-negatives", "sentence/bert"),
    ("cosine", "sentence/bert"),
    ("triplet", "sentence/qwen3"),
    ("continuation", "gpt2/base"),
    ("masked", "bert/base"),
    ("span-corruption", "t5/base"),
    ("denoising", "bart/base"),
    ("classification", "bert/sequence", [0.25, 2.0, 1.0]),
    ("image-classification", "vit/base"),
    ("image-classification", "deit/base"),
    ("image-classification", "dinov2/base"),
    ("image-classification", "vit/base", [3.0, 1.0, 0.5]),
)
HEADS = {
    "classification": (SEQUENCE, "single_label_classification"),
    "multi-label-classification": (SEQUENCE, "multi_label_classification"),
    "regression": (SEQUENCE, "regression"),
    "tagging": (TOKEN, None),
    "question-answering": (SPAN, None),
    "text-to-text": (TEXT, None),
    "ranking": (SEQUENCE, "multi_label_classification"),
    "multiple-negatives": (BASE, None),
    "cosine": (BASE, None),
    "triplet": (BASE, None),
    "continuation": (transformers.AutoModelForCausalLM, None),
    "masked": (MASKED, None),
    "span-corruption": (TEXT, None),
    "denoising": (TEXT, None),
    "image-classification": (IMAGE, "single_label_classification"),
}
RELATED = ("multiple-negatives", "cosine", "triplet")
SCALE, MARGIN = 20.0, 0.5


def load(task, folder):
    auto, problem_type = HEADS[task]
    extra = {"problem_type": problem_type} if problem_type else {}
    model, info = auto.from_pretrained(
        HERE / folder, dtype=torch.float32, attn_implementation="eager", output_loading_info=True,
        **extra,
    )
    assert not any(info.values()), f"{folder}: {info}"
    return model.eval()


def related_ids(config, batch, row, text):
    """The tokens of a text: the lengths of the texts of a row differ."""
    length = 4 + (5 * row + 2 * batch + 3 * text) % 7
    known = config.vocab_size - 3
    return [3 + (7 * row + 5 * batch + 11 * text + 3 * i * i + i) % known for i in range(length)]


def target_of(task, config, batch, row, length):
    """The target of a row, in JSON."""
    if task in RELATED:
        second = related_ids(config, batch, row, 1)
        negatives = [related_ids(config, batch, row, text) for text in (2, 3)]
        if task == "cosine":
            return dict(second=second, negatives=[], similarity=(5 * row + 3 * batch) % 7 / 7)
        return dict(second=second, negatives=negatives, similarity=None)
    if task == "ranking":
        return (5 * row + 3 * batch) % 7 / 6
    if task in ("classification", "image-classification"):
        return (2 * row + batch) % config.num_labels
    if task == "multi-label-classification":  # some rows have none, some have all
        return [label for label in range(config.num_labels) if (row + 2 * batch) >> label & 1]
    if task == "regression":
        return (5 * row + 3 * batch) % 7 / 2 - 1.5
    if task == "tagging":
        is_word = lambda i: 0 < i < length - 1 and (i + row) % 3
        return [(i * row + batch + i * i) % 3 if is_word(i) else None for i in range(length)]
    if task == "question-answering":  # both are 0 where the window has no answer
        first = 0 if row == batch else 1 + (3 * row + batch) % (length - 3)
        return [first, first + (row % 2 if first else 0)]
    ids = [3 + (11 * row + 3 * batch + 5 * i * i + i) % 25 for i in range(2 + (3 * row + batch) % 5)]
    return [*ids, config.eos_token_id]


def corrupted(task, config, ids, row):
    """A text whose tokens are hidden as an objective hides them, and its target."""
    length = len(ids)
    if task == "masked":  # BERT: every third token, of which some are replaced or stay
        targets = [token if (i + row) % 3 == 1 else None for i, token in enumerate(ids)]
        shown = lambda i: [4, 4, 4, 4, 9, ids[i]][(i + row) % 6]
        return [shown(i) if targets[i] is not None else ids[i] for i in range(length)], targets
    # Spans of two tokens, with three between them; a text begins with a kept token.
    noise = [i % 5 in (2, 3) for i in range(length)]
    begins = [noise[i] and not noise[i - 1] for i in range(length)]
    if task == "denoising":  # BART: a mask for each span, the whole text as the target
        source = [27 if begins[i] else ids[i] for i in range(length) if begins[i] or not noise[i]]
        wrap = lambda row: [config.bos_token_id, *row, config.eos_token_id]
        return wrap(source), wrap(ids)
    # T5: `noise_span_to_unique_sentinel`, for the noise and for the rest
    sentinels = [config.vocab_size - sum(begins[: i + 1]) for i in range(length)]
    source = [sentinels[i] if begins[i] else ids[i] for i in range(length) if begins[i] or not noise[i]]
    target = []
    for i in range(length):
        target += [sentinels[i]] * begins[i] + [ids[i]] * noise[i]
    return [*source, config.eos_token_id], [*target, config.eos_token_id]


def example(task, config, batch, row):
    """A row: the length of a text differs from those of the others."""
    if task == "image-classification":
        return dict(image=ROWS * batch + row, target=target_of(task, config, batch, row, 0))
    length = 5 + (3 * row + 2 * batch) % 8
    ids = [3 + (7 * row + 5 * batch + 3 * i * i + i) % 25 for i in range(length)]
    if task in RELATED:
        ids = related_ids(config, batch, row, 0)
        return dict(ids=ids, target=target_of(task, config, batch, row, len(ids)))
    if task in ("masked", "span-corruption", "denoising"):
        source, target = corrupted(task, config, ids, row)
        return dict(ids=source, target=target)
    if config.is_encoder_decoder and task == "classification":  # pooled at the end token
        ids[-1] = config.eos_token_id
    found = dict(ids=ids)
    if getattr(config, "type_vocab_size", 0) > 1:
        found["types"] = [int(2 * i >= length + row - 2) for i in range(length)]
    return {**found, "target": target_of(task, config, batch, row, length)}


def padded(rows, filler):
    width = max(map(len, rows))
    return torch.tensor([[*row, *[filler] * (width - len(row))] for row in rows])


def vectors_of(task, model, texts):
    """Vectors of texts, of length 1: the mean of all tokens, or the last one of a decoder."""
    mask = padded([[1] * len(ids) for ids in texts], 0)
    hidden = model(padded(texts, 0), attention_mask=mask).last_hidden_state
    if task == "triplet":
        pooled = hidden[torch.arange(len(texts)), mask.sum(1) - 1]
    else:
        pooled = (hidden * mask[:, :, None]).sum(1) / mask.sum(1, keepdim=True)
    return torch.nn.functional.normalize(pooled, dim=1)


def related_loss(task, model, examples):
    targets = [row["target"] for row in examples]
    texts = [row["ids"] for row in examples] + [target["second"] for target in targets]
    for index in range(len(targets[0]["negatives"])):
        texts += [target["negatives"][index] for target in targets]
    vectors = vectors_of(task, model, texts)
    first, second, *negatives = vectors.split(len(examples))
    if task == "multiple-negatives":
        scores = first @ torch.cat([second, *negatives]).T * SCALE
        return torch.nn.functional.cross_entropy(scores, torch.arange(len(examples)))
    if task == "cosine":
        expected = torch.tensor([target["similarity"] for target in targets])
        return torch.nn.functional.mse_loss((first * second).sum(1), expected)
    distance = torch.nn.functional.pairwise_distance
    near = distance(first, second)
    losses = [torch.relu(near - distance(first, other) + MARGIN) for other in negatives]
    return torch.stack(losses).mean()


def pixels(config, image):
    """An image, by its number: values from -1 to 1."""
    color = torch.arange(config.num_channels)[:, None, None]
    y, x = torch.arange(config.image_size)[:, None], torch.arange(config.image_size)
    return (7 * image + 11 * color + 3 * y * x + y * y + x) % 17 / 8 - 1


def inputs_of(task, config, examples):
    """The arguments of the model for some examples."""
    if task == "image-classification":
        images = torch.stack([pixels(config, row["image"]) for row in examples])
        labels = torch.tensor([row["target"] for row in examples])
        return dict(pixel_values=images, labels=labels)
    ids = [row["ids"] for row in examples]
    if task == "continuation":  # a decoder has the target behind the source
        ids = [[*row["ids"], *row["target"]] for row in examples]
    found = dict(input_ids=padded(ids, config.pad_token_id or 0))
    found["attention_mask"] = padded([[1] * len(row) for row in ids], 0)
    if "types" in examples[0]:
        found["token_type_ids"] = padded([row["types"] for row in examples], 0)
    targets = [row["target"] for row in examples]
    if task == "multi-label-classification":
        applies = [[float(i in row) for i in range(config.num_labels)] for row in targets]
        found["labels"] = torch.tensor(applies)
    elif task == "ranking":
        found["labels"] = torch.tensor(targets)[:, None]
    elif task in ("tagging", "masked"):
        tags = [[IGNORE if tag is None else tag for tag in row] for row in targets]
        width = found["input_ids"].shape[1]
        found["labels"] = padded([*tags, [IGNORE] * width], IGNORE)[:-1]
    elif task == "question-answering":
        found["start_positions"], found["end_positions"] = torch.tensor(targets).unbind(1)
    elif task in ("text-to-text", "span-corruption", "denoising"):
        found["labels"] = padded(targets, IGNORE)
    elif task == "continuation":
        rows = [[IGNORE] * len(row["ids"]) + row["target"] for row in examples]
        found["labels"] = padded(rows, IGNORE)
    else:
        found["labels"] = torch.tensor(targets)
    return found


def loss_of(model, inputs, class_weights):
    """The loss of a batch."""
    if class_weights is None:
        return model(**inputs).loss
    labels = inputs.pop("labels")
    criterion = torch.nn.CrossEntropyLoss(weight=torch.tensor(class_weights))
    return criterion(model(**inputs).logits, labels)


def compute(task, folder, class_weights=None):
    model = load(task, folder)
    batches = [
        [example(task, model.config, batch, row) for row in range(ROWS)] for batch in range(BATCHES)
    ]
    decayed = [p for p in model.parameters() if p.dim() >= 2]
    rest = [p for p in model.parameters() if p.dim() < 2]
    groups = [
        {"params": decayed, "weight_decay": OPTIMIZER["weight_decay"]},
        {"params": rest, "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(
        groups, lr=OPTIMIZER["lr"], betas=OPTIMIZER["betas"], eps=OPTIMIZER["eps"], foreach=False
    )
    losses, norms = [], {}
    for step in range(STEPS):
        optimizer.zero_grad()
        examples = batches[step % BATCHES]
        if task in RELATED:
            loss = related_loss(task, model, examples)
        else:
            loss = loss_of(model, inputs_of(task, model.config, examples), class_weights)
        loss.backward()
        if step == 0:
            grads = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
            if task == "image-classification":  # the file has other names
                grads = core_model_loading.revert_weight_conversion(model, grads)
            norms = {name: rounded(grad.norm().item()) for name, grad in grads.items()}
        clip = OPTIMIZER["clip_grad_norm"]
        torch.nn.utils.clip_grad_norm_(model.parameters(), clip, foreach=False)
        optimizer.step()
        losses.append(rounded(loss.item()))
    found = dict(task=task, model=folder, batches=batches, losses=losses, gradient_norms=norms)
    return found if class_weights is None else dict(found, class_weights=class_weights)


def rounded(value):
    """Eight digits, which f32 has at most."""
    return float(f"{value:.8g}")


def error(found, stored):
    """The largest difference of two cases, relative to at least 1."""
    assert found.keys() == stored.keys() and found["batches"] == stored["batches"], found["model"]
    assert found["gradient_norms"].keys() == stored["gradient_norms"].keys(), found["model"]
    pairs = [*zip(found["losses"], stored["losses"])]
    pairs += [(x, stored["gradient_norms"][key]) for key, x in found["gradient_norms"].items()]
    return max(abs(a - b) / max(1.0, abs(b)) for a, b in pairs)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with the stored file")
    arguments = parser.parse_args()
    stored = json.loads(PATH.read_text(encoding="utf-8"))["cases"] if arguments.check else []
    cases = []
    for index, (task, folder, *weights) in enumerate(CASES):
        found = compute(task, folder, *weights)
        first, last = found["losses"][0], found["losses"][-1]
        print(f"{task:<27} {folder}: {first:.4f} to {last:.4f}")
        if arguments.check and (apart := error(found, stored[index])) > SAME:
            sys.exit(f"it differs by {apart:.1e}")
        cases.append(found)
    if not arguments.check:
        write_pretty(PATH, dict(versions=VERSIONS, optimizer=OPTIMIZER, cases=cases))
        print(f"{PATH.stat().st_size} bytes")


if __name__ == "__main__":
    main()
