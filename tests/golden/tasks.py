"""The inputs, outputs and loss of each task."""

import contextlib
import dataclasses
import inspect
from dataclasses import dataclass
from unittest import mock

import torch

import own


@dataclass(frozen=True)
class Task:
    # transformers' class for a config.
    auto: str
    # The task's main outputs: every tensor of a checkpoint must change one of them.
    outputs: tuple = ("logits",)
    # Additional recorded outputs.
    states: tuple = ("last_hidden_state",)


STATES = ("last_hidden_state", "encoder_last_hidden_state")

# Tasks with logits per row, not per position.
OF_ROWS = ("sequence", "choice", "next")

TASKS = {
    "causal": Task("AutoModelForCausalLM"),
    "masked": Task("AutoModelForMaskedLM"),
    "backbone": Task(
        "AutoModel", ("last_hidden_state", "pooler_output"), ("encoder_last_hidden_state",)
    ),
    # The encoder of an encoder-decoder.
    "encoder": Task("AutoModelForTextEncoding", ("last_hidden_state",), ()),
    "sequence": Task("AutoModelForSequenceClassification", states=STATES),
    "token": Task("AutoModelForTokenClassification"),
    "span": Task("AutoModelForQuestionAnswering", ("start_logits", "end_logits"), STATES),
    "choice": Task("AutoModelForMultipleChoice"),
    "next": Task("AutoModelForNextSentencePrediction"),
    "pretraining": Task(
        "AutoModelForPreTraining", ("prediction_logits", "seq_relationship_logits", "sop_logits")
    ),
    # Which tokens were replaced by another model.
    "replaced": Task("AutoModelForPreTraining"),
    "image": Task("AutoModelForImageClassification"),
    "teacher": Task(
        "AutoModelForImageClassification", ("logits", "cls_logits", "distillation_logits")
    ),
    "seq2seq": Task(
        "AutoModelForSeq2SeqLM", states=("encoder_last_hidden_state", "last_hidden_state")
    ),
}

# ---------------------------------------------------------------------------------------- inputs


@dataclass(frozen=True)
class Batch:
    """Rows of different lengths, padded on the right; or images."""

    # The model's inputs, and the additional inputs for a loss.
    inputs: dict
    labels: dict
    # The inputs of each row alone, without padding or mask.
    rows: list


def make_batch(case, config):
    generator = torch.Generator().manual_seed(1000 + case.seed)
    draw = lambda high, *shape: torch.randint(high, shape, generator=generator)
    if hasattr(config, "image_size"):
        return make_images(case, config, generator)
    if case.task == "causal":
        return make_causal(case, config, draw)
    if case.task == "seq2seq":
        return make_pairs(case, config, draw)
    if case.task == "choice":
        return make_choices(case, config, draw)
    return make_text(case, config, draw)


def padded(rows, filler):
    return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=filler)


def prefixes(lengths):
    """The mask of rows of these lengths."""
    return padded([torch.ones(length, dtype=torch.long) for length in lengths], 0)


# For decoders any padding id works: the mask, not the id, marks padding, and 0 is also a normal
# token.
PADDING = 0

# Choices per question.
CHOICES = 3


def make_causal(case, config, draw):
    rows = [draw(config.vocab_size, length) for length in case.lengths]
    rows[0][1], rows[1][1] = config.vocab_size - 1, 0  # both ends of the vocabulary
    return Batch(
        inputs=dict(input_ids=padded(rows, PADDING), attention_mask=prefixes(case.lengths)),
        labels=dict(labels=padded(rows, -100)),
        rows=[dict(input_ids=row[None]) for row in rows],
    )


def pad_left(batch, lengths):
    """The same rows padded on the left."""
    shift = lambda x: torch.stack([row.roll(-length) for row, length in zip(x, lengths)])
    mask = shift(batch.inputs["attention_mask"])
    positions = (mask.cumsum(1) - 1).clamp(min=0)  # the position ids of `generate`
    ids = shift(batch.inputs["input_ids"])
    return dict(input_ids=ids, attention_mask=mask, position_ids=positions)


def draw_tokens(lengths, config, draw):
    """Rows of all tokens except padding, and the padding id."""
    filler = config.pad_token_id
    count = config.vocab_size if filler is None else config.vocab_size - 1
    skip = lambda row: row if filler is None else row + (row >= filler)
    rows = [draw(count, length) for length in lengths]
    rows[0][1], rows[1][1] = count - 1, 0  # both ends of the vocabulary
    return [skip(row) for row in rows], PADDING if filler is None else filler


def make_text(case, config, draw):
    ids, filler = draw_tokens(case.lengths, config, draw)
    if case.endings:
        ids = [with_endings(row, case.endings, config) for row in ids]
    inputs = dict(input_ids=padded(ids, filler), attention_mask=prefixes(case.lengths))
    rows = [dict(input_ids=row[None]) for row in ids]
    if getattr(config, "type_vocab_size", 0) > 1:
        first = [1 + int(draw(length - 1, 1)) for length in case.lengths]
        types = [(torch.arange(n) >= at).long() for n, at in zip(case.lengths, first)]
        inputs["token_type_ids"] = padded(types, 0)
        rows = [{**row, "token_type_ids": each[None]} for row, each in zip(rows, types)]
    return Batch(inputs, make_labels(case, config, ids, draw), rows)


def with_endings(row, endings, config):
    """The row with these tokens at its end, and another end token inside: the first text's."""
    end = config.eos_token_id
    row = row.masked_fill(row == end, end + 1)
    row[len(row) // 2] = end
    row[-len(endings):] = torch.tensor(endings)
    return row


def make_choices(case, config, draw):
    """Questions with equally many choices; those of one question have the same length."""
    lengths = [length for length in case.lengths for _ in range(CHOICES)]
    ids, filler = draw_tokens(lengths, config, draw)
    flat = dict(input_ids=padded(ids, filler), attention_mask=prefixes(lengths))
    if getattr(config, "type_vocab_size", 0) > 1:
        first = [1 + int(draw(length - 1, 1)) for length in lengths]
        types = [(torch.arange(n) >= at).long() for n, at in zip(lengths, first)]
        flat["token_type_ids"] = padded(types, 0)
    inputs = {key: x.unflatten(0, (len(case.lengths), CHOICES)) for key, x in flat.items()}
    alone = lambda row, n: {
        key: x[row, None, :, :n] for key, x in inputs.items() if key != "attention_mask"
    }
    labels = (torch.arange(len(case.lengths)) + case.seed) % CHOICES
    return Batch(inputs, dict(labels=labels), [alone(*row) for row in enumerate(case.lengths)])


def make_labels(case, config, ids, draw):
    if case.task == "pretraining":
        asked = "sentence_order_label" if case.family == "albert" else "next_sentence_label"
        masked = make_labels(dataclasses.replace(case, task="masked"), config, ids, draw)
        return {**masked, asked: draw_classes(case, config, len(ids))}
    if case.task == "replaced":
        return dict(labels=padded([draw(2, len(row)) for row in ids], -100))
    if case.task == "masked":
        kept = [draw(2, len(row)).bool().index_fill(0, draw(len(row), 1), True) for row in ids]
        labels = [row.masked_fill(~keep, -100) for row, keep in zip(ids, kept)]
        return dict(labels=padded(labels, -100))
    if case.task == "token":
        return dict(labels=padded([draw(config.num_labels, len(row)) for row in ids], -100))
    if case.task in ("sequence", "next"):
        return dict(labels=draw_classes(case, config, len(ids)))
    if case.task == "span":
        ends = torch.stack([draw(len(row), 2).sort().values for row in ids])
        return dict(start_positions=ends[:, 0], end_positions=ends[:, 1])
    return {}


def draw_classes(case, config, rows):
    """As many different labels as possible."""
    return (torch.arange(rows) + case.seed) % config.num_labels


def make_pairs(case, config, draw):
    ids, filler = draw_tokens(case.lengths, config, draw)
    targets, _ = draw_tokens(case.decoder_lengths, config, draw)
    start = torch.tensor([case.config["decoder_start_token_id"]])
    decoded = [torch.cat([start, row[:-1]]) for row in targets]
    return Batch(
        inputs=dict(
            input_ids=padded(ids, filler),
            attention_mask=prefixes(case.lengths),
            decoder_input_ids=padded(decoded, filler),
            decoder_attention_mask=prefixes(case.decoder_lengths),
        ),
        labels=dict(labels=padded(targets, -100)),
        rows=[
            dict(input_ids=row[None], decoder_input_ids=other[None])
            for row, other in zip(ids, decoded)
        ],
    )


def make_images(case, config, generator):
    height, width = case.image or (config.image_size, config.image_size)
    pixels = torch.randn(3, config.num_channels, height, width, generator=generator)
    return Batch(
        inputs=dict(pixel_values=pixels),
        labels=dict(labels=draw_classes(case, config, 3)) if case.task == "image" else {},
        rows=[dict(pixel_values=image[None]) for image in pixels],
    )


# --------------------------------------------------------------------------------------- outputs


@contextlib.contextmanager
def really(dtype):
    """Disables transformers' f32 norms, angles and softmax, so that they use the model's dtype."""
    if dtype == torch.float32:
        yield
        return
    with (
        mock.patch.object(torch, "float32", dtype),
        mock.patch.object(torch, "float", dtype),
        mock.patch.object(torch.Tensor, "float", torch.Tensor.double),
    ):
        yield


def last_module(model):
    """The module whose output is the last hidden state."""
    if isinstance(model, own.MODELS):
        return model
    # OPT bypasses its base model.
    if model.config.is_encoder_decoder or model.config.model_type == "opt":
        return model.get_decoder()
    return model.base_model


def forward(task, model, inputs, dtype=torch.float32):
    """The outputs and states by name, and the loss if `inputs` has labels."""
    seen = []
    hook = last_module(model).register_forward_hook(lambda _model, _args, out: seen.append(out))
    inputs = {key: x.to(dtype) if x.is_floating_point() else x for key, x in inputs.items()}
    has_decoder = task in ("causal", "seq2seq") or model.config.is_encoder_decoder
    more = dict(use_cache=False) if has_decoder else {}
    if "interpolate_pos_encoding" in inspect.signature(model.forward).parameters:
        # This has no effect on images of the config's size.
        more["interpolate_pos_encoding"] = True
    with really(dtype):
        output = model(**inputs, **more)
    hook.remove()
    found = {"last_hidden_state": seen[0]["last_hidden_state"], **output}
    names = TASKS[task].outputs + TASKS[task].states + ("loss",)
    return {name: found[name] for name in names if name in found}


def loss_of(task, found, batch):
    """The model's own loss, or a mean of squares if it has none."""
    if "loss" in found:
        return found["loss"]
    outputs = {name: found[name] for name in TASKS[task].outputs if name in found}
    if task == "teacher":
        outputs = {"logits": outputs["logits"]}
    masks = masks_of(task, batch.inputs)
    kept = [unmasked(x, masks.get(name)) for name, x in outputs.items()]
    return sum(x.square().mean() for x in kept)


def masks_of(task, inputs):
    """The token positions of an output, by its name; None if it has no positions."""
    mask = inputs.get("attention_mask")
    last = inputs.get("decoder_attention_mask", mask)
    masks = dict(start_logits=mask, end_logits=mask, encoder_last_hidden_state=mask)
    masks["last_hidden_state"] = last
    masks["prediction_logits"] = last
    if task not in OF_ROWS:
        masks["logits"] = last
    if task == "choice":  # each choice is a row of the model's input
        masks["last_hidden_state"] = mask.flatten(0, 1)
    return masks


def unmasked(tensor, mask=None):
    return tensor if mask is None else tensor[mask.bool()]


def distance(a, b, mask=None):
    """The largest absolute difference, at unmasked positions if there is a mask."""
    return unmasked((a.double() - b.double()).abs(), mask).max().item()


def furthest(task, a, b, inputs):
    """The largest absolute difference in any of the task's outputs."""
    masks = masks_of(task, inputs)
    names = [name for name in TASKS[task].outputs if name in b]
    return max(distance(a[name], b[name], masks.get(name)) for name in names)
