"""summarization and translation."""

import torch

from . import texts, tokenization
from .common import Fixture, case, each

GREEDY = dict(num_beams=1, max_length=12)
DOCUMENT = texts.SENTENCE
TEXTS = [texts.SHORT, DOCUMENT, texts.PADDED, texts.ACCENTS, texts.EMOJI, texts.CHINESE, texts.RTL,
         texts.LINES]


def inputs(**always):
    """The cases of every model; `always` are the languages of multilingual models."""
    ask = lambda text, **parameters: (text, {**always, **parameters})
    return (
        *each(TEXTS, **always),
        *each(TEXTS[:2], **always, **GREEDY),
        *each(texts.BLANK, **always, **GREEDY),
        ask(texts.SHORT, num_beams=3, max_length=12),
        ask(texts.SHORT, num_beams=1, min_length=10, max_length=14),
        ask(texts.SHORT, num_beams=1, max_new_tokens=4),
        ask(texts.SHORT, num_beams=2, no_repeat_ngram_size=2, max_length=16),
        ask(texts.SHORT, num_beams=3, length_penalty=0.2, early_stopping=False, max_length=14),
        ask(texts.SHORT, num_beams=3, num_return_sequences=2, max_length=10),
        ask(texts.SHORT, num_beams=1, repetition_penalty=1.5, max_length=16),
        ask(texts.SHORT, return_tensors=True),
        ask(texts.SHORT, clean_up_tokenization_spaces=True),
        ask([texts.SHORT, DOCUMENT, texts.RTL], **GREEDY),
        ask([texts.SHORT, DOCUMENT, texts.RTL], batch_size=3),
        ask([texts.SHORT], **GREEDY),
        ask([], **GREEDY),
        ask(texts.LONG, truncation=True, **GREEDY),
        ask(texts.TEN_THOUSAND, truncation=True, **GREEDY),
    )


# Long texts fit into all models without learned positions.
TOO_LONG = (case(texts.LONG, **GREEDY),)
GERMAN = dict(task="translation_en_to_de")

# ------------------------------------------------------------------------------------- the models

SMALL = dict(
    d_model=12, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
    decoder_attention_heads=2, encoder_ffn_dim=16, decoder_ffn_dim=16, init_std=0.3, dropout=0.0,
    attention_dropout=0.0, activation_dropout=0.0, max_position_embeddings=64,
)
T5 = dict(
    d_model=12, d_kv=6, d_ff=16, feed_forward_proj="gated-gelu", tie_word_embeddings=False, num_layers=2, num_heads=2, relative_attention_num_buckets=8,
    relative_attention_max_distance=12, dropout_rate=0.0, decoder_start_token_id=0,
    task_specific_params={
        "summarization": {
            "early_stopping": True, "length_penalty": 2.0, "max_length": 24, "min_length": 8,
            "no_repeat_ngram_size": 3, "num_beams": 4, "prefix": "summarize: ",
        },
        "translation_en_to_de": {
            "early_stopping": True, "max_length": 18, "num_beams": 4,
            "prefix": "translate English to German: ",
        },
    },
)

# Otherwise every token would predict itself.
MIXED = (("fc1.weight", 2.0), ("fc2.weight", 4.0), ("out_proj.weight", 3.0))
MORE_MIXED = (
    ("fc1.weight", 2.0), ("fc2.weight", 12.0), ("out_proj.weight", 8.0),
    ("embed_positions.weight", 3.0),
)


def settings(end=0.0, **values):
    """A generation config, and a model that sometimes ends, and predicts whole characters."""

    def prepare(folder, model, tokenizer):
        model.generation_config.update(**values)
        if model.config.model_type == "t5":
            model.lm_head.weight.data[0] *= 0.1
        if model.config.model_type == "m2m_100":  # language tokens are rarely predicted
            model.model.shared.weight.data[len(tokenizer.encoder):] *= 0.3
        if hasattr(model, "final_logits_bias"):
            bias = model.final_logits_bias
            bias += 0.3 * torch.randn(bias.shape, generator=torch.Generator().manual_seed(3))
            bias[0, tokenizer.eos_token_id] += end
            for id in range(bias.shape[1]):
                shown = tokenizer.decode([id])
                if not shown.isprintable() or "\ufffd" in shown:
                    bias[0, id] -= 9.0

    return prepare


FIXTURES = [
    Fixture(
        "summarization", "bart", "BartForConditionalGeneration",
        {
            **SMALL, "decoder_start_token_id": 2,
            "task_specific_params": {"summarization": {"num_beams": 3, "max_length": 20}},
        },
        181, lambda: tokenization.roberta(64, name="Bart"), inputs() + TOO_LONG, "v4", noise=1e-4,
        scaled=MIXED, prepare=settings(
            end=2.0, max_length=30, min_length=6, num_beams=4, length_penalty=2.0,
            no_repeat_ngram_size=3, early_stopping=True, forced_bos_token_id=0,
            forced_eos_token_id=2,
        ),
    ),
    Fixture(
        "summarization", "t5", "T5ForConditionalGeneration", T5, 182,
        lambda: tokenization.t5(64),
        inputs() + TOO_LONG + (
            *each(TEXTS, **GERMAN), case(texts.SHORT, **GERMAN, **GREEDY),
            case([texts.SHORT, DOCUMENT], **GERMAN),
            case(texts.SHORT, task="translation_en_to_fr", max_length=10),
            case(texts.SHORT, task="translation_en_to_fr", max_new_tokens=10),
        ),
        # Without it, transformers 4 generates 256 tokens whatever the task's `max_length`.
        "v4", noise=1e-4, prepare=settings(max_length=40),
    ),
    Fixture(
        "translation", "marian", "MarianMTModel",
        {**SMALL, "decoder_start_token_id": 302, "scale_embedding": True}, 183,
        lambda: tokenization.marian(64), inputs(), "v4", noise=1e-4,
        scaled=MIXED, prepare=settings(
            end=1.5, max_length=24, num_beams=4, bad_words_ids=[[302]], forced_eos_token_id=0,
            renormalize_logits=True,
        ),
    ),
    Fixture(
        "translation", "mbart", "MBartForConditionalGeneration",
        {**SMALL, "decoder_start_token_id": 2, "scale_embedding": True}, 184,
        lambda: tokenization.mbart(64),
        inputs(src_lang="en_XX", tgt_lang="fr_XX") + (
            case(texts.SHORT, src_lang="en_XX", tgt_lang="de_DE"),
            case(texts.SHORT, src_lang="de_DE", tgt_lang="fr_XX"),
            case(texts.SHORT),
            case(texts.SHORT, src_lang="en_XX"),
            case(texts.SHORT, src_lang="en_XX", tgt_lang="xx_XX", max_length=8),
        ),
        "v4", noise=1e-4,
        scaled=MORE_MIXED, prepare=settings(
            end=0.5, max_length=22, num_beams=5, early_stopping=True, forced_eos_token_id=2,
            no_repeat_ngram_size=2,
        ),
    ),
    Fixture(
        "translation", "m2m100", "M2M100ForConditionalGeneration",
        {**SMALL, "decoder_start_token_id": 2, "scale_embedding": True, "vocab_size": 412}, 187,
        lambda: tokenization.m2m100(64),
        inputs(src_lang="en", tgt_lang="fr") + (
            case(texts.SHORT, src_lang="en", tgt_lang="de"),
            case(texts.SHORT, src_lang="de", tgt_lang="fr"),
            case(texts.SHORT),
            case(texts.SHORT, src_lang="en", tgt_lang="xx"),
        ),
        "v4", noise=1e-4,
        scaled=MORE_MIXED, prepare=settings(
            end=1.0, max_length=22, num_beams=5, early_stopping=True, forced_eos_token_id=2,
            no_repeat_ngram_size=2,
        ),
    ),
]
