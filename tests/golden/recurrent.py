"""LSTM, GRU and the encoder-decoder of Bahdanau et al. (2015), from torch's modules.

The reference of the families `lstm`, `gru` and `bahdanau`, which are not in transformers. The cells
are torch.nn's, so that the loop over a padded batch here can be checked against torch.nn.LSTM and
torch.nn.GRU with the same weights, row by row.
"""

import json
import types

import safetensors.torch
import torch
from torch import nn

MODEL_TYPES = ("lstm", "gru", "bahdanau")
CELLS = {"lstm": nn.LSTMCell, "gru": nn.GRUCell}
LAYERS = {"lstm": nn.LSTM, "gru": nn.GRU}
# Optional config fields.
ASSUMED = dict(bidirectional=False, pad_token_id=None)


def config_of(model_type, entries):
    entries = {**entries, "model_type": model_type}
    typed = {**ASSUMED, "rnn_type": model_type, **entries}
    return types.SimpleNamespace(
        **typed, entries=entries, num_labels=len(entries.get("id2label", {}))
    )


class Layer(nn.Module):
    """One direction, or two of half the size: padding is skipped on either side."""

    def __init__(self, config, width):
        super().__init__()
        size = config.hidden_size // (2 if config.bidirectional else 1)
        self.forward_cell = CELLS[config.rnn_type](width, size)
        self.backward_cell = CELLS[config.rnn_type](width, size) if config.bidirectional else None

    def forward(self, x, mask):
        read = [run(self.forward_cell, x, mask)]
        if self.backward_cell is not None:
            read.append(run(self.backward_cell, x.flip(1), mask.flip(1)).flip(1))
        return torch.cat(read, -1)


def run(cell, x, mask):
    state = first_state(cell, x.new_zeros(x.shape[0], cell.hidden_size))
    seen = []
    for at in range(x.shape[1]):
        state = kept(cell(x[:, at], state), state, mask[:, at])
        seen.append(hidden(state))
    return torch.stack(seen, 1)


def first_state(cell, shown):
    return (shown, torch.zeros_like(shown)) if isinstance(cell, nn.LSTMCell) else shown


def hidden(state):
    return state[0] if isinstance(state, tuple) else state


def kept(new, old, mask):
    """The new state at token positions, the old one at padding."""
    if isinstance(new, tuple):
        return tuple(kept(a, b, mask) for a, b in zip(new, old))
    return torch.where(mask[:, None].bool(), new, old)


class Stack(nn.Module):
    def __init__(self, config, count):
        super().__init__()
        widths = [config.embedding_dim] + [config.hidden_size] * (count - 1)
        self.layers = nn.ModuleList(Layer(config, width) for width in widths)

    def forward(self, x, mask):
        for layer in self.layers:
            x = layer(x, mask)
        return x


class Base(nn.Module):
    base_model_prefix = "model"
    _supports_sdpa = False

    def __init__(self, config):
        super().__init__()
        self.config = config

    def draw(self):
        for parameter in self.parameters():
            nn.init.normal_(parameter, std=self.config.initializer_range)

    def save_pretrained(self, folder, max_shard_size=None):
        text = json.dumps(self.config.entries, indent=2, sort_keys=True) + "\n"
        (folder / "config.json").write_text(text, encoding="utf-8")
        tensors = to_checkpoint(self.state_dict())
        if self.config.architectures[0].endswith("Model"):  # no head, and no prefix
            tensors = {key.removeprefix("model."): tensor for key, tensor in tensors.items()}
        safetensors.torch.save_file(
            tensors, folder / "model.safetensors", metadata={"format": "pt"}
        )


class Recurrent(Base):
    """Hidden states, and the output of the config's class."""

    def __init__(self, config):
        super().__init__(config)
        self.embed_tokens = nn.Embedding(config.vocab_size, config.embedding_dim)
        self.stack = Stack(config, config.num_layers)
        self.task = config.architectures[0].split("For")[-1]
        self.lm_head = self.classifier = None
        if self.task == "CausalLM" and not config.tie_word_embeddings:
            self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        if self.task.endswith("Classification"):
            self.classifier = nn.Linear(config.hidden_size, config.num_labels)
        self.draw()

    def forward(
        self, input_ids, attention_mask=None, position_ids=None, labels=None, use_cache=False
    ):
        mask = torch.ones_like(input_ids) if attention_mask is None else attention_mask
        states = self.stack(self.embed_tokens(input_ids), mask)
        output = dict(last_hidden_state=states)
        if self.task == "CausalLM":
            table = self.embed_tokens.weight if self.lm_head is None else self.lm_head.weight
            output["logits"] = nn.functional.linear(states, table)
            if labels is not None:  # of the next token
                labels = nn.functional.pad(labels, (0, 1), value=-100)[:, 1:]
        elif self.task == "SequenceClassification":
            weights = mask.to(states.dtype)[..., None]
            output["logits"] = self.classifier((states * weights).sum(1) / weights.sum(1))
        elif self.task == "TokenClassification":
            output["logits"] = self.classifier(states)
        if labels is not None:
            scores = output["logits"].flatten(0, -2)
            output["loss"] = nn.functional.cross_entropy(scores, labels.flatten())
        return output


class Bahdanau(Base):
    """s_t = f(s_{t-1}, [y_{t-1}; c_t]) with attention to all encoder states."""

    def __init__(self, config):
        super().__init__(config)
        width, size = config.embedding_dim, config.hidden_size
        both = types.SimpleNamespace(**{**vars(config), "bidirectional": True})
        cell = CELLS[config.rnn_type]
        self.embed_tokens = nn.Embedding(config.vocab_size, width)
        self.encoder = Stack(both, config.encoder_layers)
        inputs = [width + size] + [size] * (config.decoder_layers - 1)
        self.decoder = nn.ModuleList(cell(each, size) for each in inputs)
        self.start = nn.ModuleList(nn.Linear(size // 2, size) for _ in inputs)
        self.query = nn.Linear(size, size, bias=False)
        self.key = nn.Linear(size, size)
        self.score = nn.Linear(size, 1, bias=False)
        self.readout = nn.Linear(2 * size + width, size)
        self.lm_head = None
        if not config.tie_word_embeddings:
            self.lm_head = nn.Linear(size, config.vocab_size, bias=False)
        self.draw()

    def attend(self, state, keys, memory, mask):
        scores = self.score(torch.tanh(self.query(state)[:, None] + keys)).squeeze(-1)
        weights = scores.masked_fill(mask == 0, -torch.inf).softmax(-1)
        return (weights[..., None] * memory).sum(1)

    def forward(
        self, input_ids, decoder_input_ids, attention_mask=None, decoder_attention_mask=None,
        labels=None, use_cache=False,
    ):
        mask = torch.ones_like(input_ids) if attention_mask is None else attention_mask
        memory = self.encoder(self.embed_tokens(input_ids), mask)
        keys = self.key(memory)
        begin = memory[:, 0, memory.shape[-1] // 2 :]
        states = [
            first_state(cell, torch.tanh(start(begin)))
            for cell, start in zip(self.decoder, self.start)
        ]
        embedded = self.embed_tokens(decoder_input_ids)
        seen = []
        for at in range(decoder_input_ids.shape[1]):
            context = self.attend(hidden(states[0]), keys, memory, mask)
            x = torch.cat([embedded[:, at], context], -1)
            for index, cell in enumerate(self.decoder):
                states[index] = cell(x, states[index])
                x = hidden(states[index])
            seen.append(torch.cat([x, context, embedded[:, at]], -1))
        decoded = torch.tanh(self.readout(torch.stack(seen, 1)))
        table = self.embed_tokens.weight if self.lm_head is None else self.lm_head.weight
        logits = nn.functional.linear(decoded, table)
        output = dict(logits=logits, last_hidden_state=decoded, encoder_last_hidden_state=memory)
        if labels is not None:
            output["loss"] = nn.functional.cross_entropy(logits.transpose(1, 2), labels)
        return output


def build(config):
    return Bahdanau(config) if config.model_type == "bahdanau" else Recurrent(config)


def new(config):
    model = build(config)
    check_against_torch(model)
    return model


def load(folder, dtype=torch.float32, config=None):
    if config is None:
        entries = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        config = config_of(entries["model_type"], entries)
    model = build(config)
    tensors = safetensors.torch.load_file(folder / "model.safetensors")
    model.load_state_dict(from_checkpoint(tensors, model.state_dict()))
    return model.to(dtype)


def greedy(model, ids, mask, count):
    """Greedy decoding: the tokens, and the logits at each step."""
    new, scores = [], []
    for _ in range(count):
        with torch.no_grad():
            scores.append(model(ids, attention_mask=mask)["logits"][:, -1])
        token = scores[-1].argmax(-1, keepdim=True)
        new.append(token)
        ids, mask = torch.cat([ids, token], 1), torch.cat([mask, torch.ones_like(token)], 1)
    return torch.cat(new, 1), torch.stack(scores)


# ------------------------------------------------------------------------------------ torch's layers


def check_against_torch(model):
    """Checks the stack against torch.nn.LSTM or torch.nn.GRU with equal weights: alone, and padded."""
    stack = model.encoder if isinstance(model, Bahdanau) else model.stack
    first = stack.layers[0]
    width, is_both = first.forward_cell.input_size, first.backward_cell is not None
    theirs = LAYERS[model.config.rnn_type](
        width, first.forward_cell.hidden_size, len(stack.layers), bidirectional=is_both,
        batch_first=True,
    )
    weights = {}
    for index, layer in enumerate(stack.layers):
        for cell, end in ((layer.forward_cell, ""), (layer.backward_cell, "_reverse")):
            for name, tensor in cell.state_dict().items() if cell is not None else ():
                weights[f"{name}_l{index}{end}"] = tensor
    theirs.load_state_dict(weights)
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(3, 9, width, generator=generator)
    lengths = torch.tensor([9, 6, 2])
    mask = (torch.arange(9) < lengths[:, None]).long()
    packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True)
    with torch.no_grad():
        expected, _ = nn.utils.rnn.pad_packed_sequence(theirs(packed)[0], batch_first=True)
        found = stack(x, mask)
        whole = stack(x, torch.ones_like(mask)) - theirs(x)[0]
    off = max(((found - expected) * mask[..., None]).abs().max().item(), whole.abs().max().item())
    assert off < 1e-5, f"torch.nn.{type(theirs).__name__} differs by {off}"


# ----------------------------------------------------------------------------------------- the keys


# The names in a cell, and those in a file.
PARTS = {
    "weight_ih": "input.weight", "weight_hh": "state.weight",
    "bias_ih": "input.bias", "bias_hh": "state.bias",
}
HEADS = ("lm_head.", "classifier.")


def key_of(name):
    path, _, leaf = name.rpartition(".")
    key = f"{path}.{PARTS[leaf]}" if leaf in PARTS else name
    key = key.replace("_cell", "").removeprefix("stack.")
    first = key.split(".")[0]
    if first == "decoder":
        key = key.replace("decoder.", "decoder.layers.")
    elif first == "start":
        key = "decoder." + key
    elif first in ("query", "key", "score"):
        key = "attention." + key
    return key if key.startswith(HEADS) else "model." + key


# The decoder's first matrix is stored as two: that of the token, and that of the context.
FIRST, CONTEXT = "decoder.0.weight_ih", "model.decoder.context.weight"


def to_checkpoint(tensors):
    """Converts to the names of a file."""
    found = {key_of(name): tensor for name, tensor in tensors.items()}
    if FIRST in tensors:
        width = tensors["embed_tokens.weight"].shape[1]
        found[key_of(FIRST)] = tensors[FIRST][:, :width].clone()
        found[CONTEXT] = tensors[FIRST][:, width:].clone()
    return found


def from_checkpoint(tensors, names):
    """Converts from the names of a file."""
    tensors = dict(tensors)
    take = lambda key: tensors.pop(key if key in tensors else key.removeprefix("model."))
    found = {name: take(key_of(name)) for name in names}
    if FIRST in found:
        found[FIRST] = torch.cat([found[FIRST], take(CONTEXT)], 1)
    assert not tensors, f"unused: {sorted(tensors)}"
    return found
