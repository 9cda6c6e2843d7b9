"""The Transformer of Vaswani et al. (2017), from torch's layers.

The reference of the family `transformer`, which is not in transformers. Its files use BART's
names for tensors and config entries.
"""

import json
import math
import types

import safetensors.torch
import torch
from torch import nn

torch.backends.mha.set_fastpath_enabled(False)  # the same computation with and without gradients

MODEL_TYPE = "transformer"
# Fixed values of the family; other values are for contrasts only.
FIXED = dict(is_encoder_decoder=True, interleaved_positions=True, norm_first=False)


def config_of(model_type, entries):
    return types.SimpleNamespace(**{**FIXED, "model_type": model_type, **entries})


def new(config):
    return Transformer(config)


class Transformer(nn.Module):
    base_model_prefix = "model"
    _supports_sdpa = False

    def __init__(self, config):
        super().__init__()
        self.config = config
        common = dict(
            d_model=config.d_model, dropout=config.dropout, activation=config.activation_function,
            layer_norm_eps=config.layer_norm_eps, batch_first=True, norm_first=config.norm_first,
        )
        encoder = dict(nhead=config.encoder_attention_heads, dim_feedforward=config.encoder_ffn_dim)
        decoder = dict(nhead=config.decoder_attention_heads, dim_feedforward=config.decoder_ffn_dim)
        stack = lambda layer, count, sizes: nn.ModuleDict(
            {"layers": nn.ModuleList([layer(**sizes, **common) for _ in range(count)])}
        )
        self.shared = nn.Embedding(config.vocab_size, config.d_model)
        self.encoder = stack(nn.TransformerEncoderLayer, config.encoder_layers, encoder)
        self.decoder = stack(nn.TransformerDecoderLayer, config.decoder_layers, decoder)
        for parameter in self.parameters():
            if parameter.dim() >= 2:
                nn.init.normal_(parameter, std=config.init_std)

    def embed(self, ids):
        scale = math.sqrt(self.config.d_model) if self.config.scale_embedding else 1.0
        embedded = self.shared(ids) * scale
        table = sinusoids(ids.shape[1], self.config.d_model, self.config.interleaved_positions)
        return embedded + table.to(embedded.dtype)

    def forward(
        self, input_ids, decoder_input_ids, attention_mask=None, decoder_attention_mask=None,
        labels=None, use_cache=False,
    ):
        padding = ignored(attention_mask)
        encoded = self.embed(input_ids)
        for layer in self.encoder["layers"]:
            encoded = layer(encoded, src_key_padding_mask=padding)

        later = torch.ones(decoder_input_ids.shape[1:] * 2, dtype=torch.bool).triu(1)
        decoded = self.embed(decoder_input_ids)
        for layer in self.decoder["layers"]:
            decoded = layer(
                decoded, encoded, tgt_mask=later, memory_key_padding_mask=padding,
                tgt_key_padding_mask=ignored(decoder_attention_mask),
            )

        logits = decoded @ self.shared.weight.T
        output = dict(
            logits=logits, last_hidden_state=decoded, encoder_last_hidden_state=encoded
        )
        if labels is not None:
            output["loss"] = nn.functional.cross_entropy(logits.transpose(1, 2), labels)
        return output

    def save_pretrained(self, folder, max_shard_size=None):
        config = {key: value for key, value in vars(self.config).items() if key not in FIXED}
        config["architectures"] = ["TransformerForConditionalGeneration"]
        text = json.dumps(config, indent=2, sort_keys=True) + "\n"
        (folder / "config.json").write_text(text, encoding="utf-8")
        tensors = to_checkpoint(self.state_dict())
        safetensors.torch.save_file(
            tensors, folder / "model.safetensors", metadata={"format": "pt"}
        )


def ignored(mask):
    """The keys masked for every query."""
    return None if mask is None else mask == 0


def sinusoids(length, width, interleaved=True):
    """Sines at even features and cosines at odd ones; or sines first."""
    rates = 10000.0 ** (-torch.arange(0, width, 2, dtype=torch.float64) / width)
    angles = torch.arange(length, dtype=torch.float64)[:, None] * rates
    pair = [angles.sin(), angles.cos()]
    return torch.stack(pair, -1).flatten(1) if interleaved else torch.cat(pair, -1)


def load(folder, dtype=torch.float32, config=None):
    if config is None:
        entries = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        config = config_of(MODEL_TYPE, entries)
    model = Transformer(config)
    tensors = safetensors.torch.load_file(folder / "model.safetensors")
    model.load_state_dict(from_checkpoint(tensors))
    return model.to(dtype)


# ----------------------------------------------------------------------------------------- the keys

# torch's names, and BART's.
WORDS = {
    "encoder": {"norm1": "self_attn_layer_norm", "norm2": "final_layer_norm"},
    "decoder": {
        "norm1": "self_attn_layer_norm",
        "norm2": "encoder_attn_layer_norm",
        "norm3": "final_layer_norm",
        "multihead_attn": "encoder_attn",
    },
}
LINEAR = {"linear1": "fc1", "linear2": "fc2"}


def renamed(name, back=False):
    parts = name.split(".")
    words = {**WORDS.get(parts[0], {}), **LINEAR}
    if back:
        words = {theirs: ours for ours, theirs in words.items()}
    return ".".join(words.get(part, part) for part in parts)


def to_checkpoint(tensors):
    """Converts to the names of a file, with separate queries, keys and values."""
    found = {}
    for name, tensor in tensors.items():
        name = "model." + renamed(name)
        if "in_proj_" not in name:
            found[name] = tensor
            continue
        for letter, third in zip("qkv", tensor.chunk(3)):
            found[name.replace("in_proj_", f"{letter}_proj.")] = third.clone()
    return found


def from_checkpoint(tensors):
    """Converts from the names of a file."""
    found = {}
    for key, tensor in tensors.items():
        name = renamed(key.removeprefix("model."), back=True)
        for letter in "qkv":
            name = name.replace(f"{letter}_proj.", "in_proj_")
        found.setdefault(name, []).append((key, tensor))
    # q, k and v, in this order.
    order = lambda pair: "qkv".find(pair[0].split("_proj.")[0][-1])
    return {
        name: torch.cat([tensor for _, tensor in sorted(parts, key=order)])
        for name, parts in found.items()
    }
