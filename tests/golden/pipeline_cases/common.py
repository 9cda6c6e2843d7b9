"""Definitions shared by the tables of fixtures."""

from dataclasses import dataclass, field

import torch
import transformers

# The allowed change of scores if every logit gets noise of this size.
NOISE = 1e-5


@dataclass(frozen=True)
class Fixture:
    """A folder below pipelines/: a model, and a pipeline's results with it."""

    pipeline: str
    name: str
    # The transformers class, and its config.
    model: str | None = None
    config: dict = field(default_factory=dict)
    seed: int = 0
    # Creates the tokenizer.
    tokenizer: object = None
    # `(inputs, parameters)`: the arguments of the pipeline call.
    cases: tuple = ()
    # The environment: the pinned reference, `v4` or `vision`.
    environment: str = ""
    # The noise on parameters, and the scale of some tensors, by key suffix.
    spread: float = 0.1
    scaled: tuple = ()
    # Called with the folder, the model and the tokenizer before they are saved.
    prepare: object = None
    noise: float = NOISE
    # Writes fixtures without a model: called with the path.
    write: object = None

    @property
    def id(self):
        return f"{self.pipeline}/{self.name}" if self.name else self.pipeline


def case(inputs, **parameters):
    return inputs, parameters


def each(texts, **parameters):
    return tuple((text, parameters) for text in texts)


# ------------------------------------------------------------------------------------- the models

QUIET = dict(
    hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, classifier_dropout=0.0,
    initializer_range=0.2,
)
ENCODER = dict(
    hidden_size=8, intermediate_size=12, num_hidden_layers=1, num_attention_heads=2, **QUIET
)
BERT = dict(ENCODER, max_position_embeddings=64, type_vocab_size=2)
ROBERTA = dict(ENCODER, max_position_embeddings=66, type_vocab_size=1, layer_norm_eps=1e-5)
GPT2 = dict(
    n_embd=12, n_inner=16, n_layer=2, n_head=2, n_positions=64, initializer_range=0.2,
    resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0,
)


# An encoder and a decoder of one layer each.
BART = dict(
    d_model=8, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
    decoder_attention_heads=2, encoder_ffn_dim=12, decoder_ffn_dim=12, init_std=0.2, dropout=0.0,
    attention_dropout=0.0, activation_dropout=0.0, classifier_dropout=0.0,
    max_position_embeddings=64, decoder_start_token_id=2,
)
T5 = dict(
    d_model=8, d_kv=4, d_ff=12, num_layers=1, num_heads=2, relative_attention_num_buckets=8,
    relative_attention_max_distance=12, dropout_rate=0.0, classifier_dropout=0.0,
    decoder_start_token_id=0,
)


def labels(*names):
    return {
        "id2label": dict(enumerate(names)),
        "label2id": {name: index for index, name in enumerate(names)},
    }


def new_model(fixture, tokenizer):
    """A random model without tensors of zeros or ones."""
    torch.manual_seed(fixture.seed)
    cls = getattr(transformers, fixture.model)
    config = dict(fixture.config)
    if tokenizer is not None:
        for key in ("pad_token_id", "bos_token_id", "eos_token_id"):
            id = getattr(tokenizer, key)
            if id is not None:
                config.setdefault(key, id)
        config.setdefault("vocab_size", len(tokenizer))
    model = cls(cls.config_class(**config)).float().eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if not parameter.requires_grad:
                continue  # a sinusoidal table
            parameter.add_(torch.randn_like(parameter), alpha=fixture.spread)
            for ending, factor in fixture.scaled:
                if name.endswith(ending):
                    parameter.mul_(factor)
    return model
