"""Writes sampling.json: transformers' filters and penalties applied to given scores.

generation.py runs this; README.md describes the file.
"""

import itertools
import json
import sys

from reference import HERE, VERSIONS

import torch
import transformers

from decoding import load, rounded

PATH = HERE / "sampling.json"
VOCAB_SIZE = 24
MODELS = {False: "gpt2/base", True: "t5/base"}  # only their architecture kind matters
# Noise on the scores, under which every filter must keep the same tokens.
NOISE = 1e-4
# The allowed difference of recomputed values from the stored ones.
TOLERANCE = 1e-6

# ----------------------------------------------------------------------------------------- tables

ALONE = {
    "temperature": (0.3, 0.7, 1.5, 4.0),
    "top_k": (1, 3, 10, 50),
    "top_p": (0.1, 0.5, 0.9, 0.99),
    "min_p": (0.02, 0.2, 0.6),
    "typical_p": (0.15, 0.5, 0.8, 0.97),
}
TOGETHER = (
    {"temperature": 0.6, "top_k": 9, "top_p": 0.85, "min_p": 0.03, "typical_p": 0.9},
    {"temperature": 1.8, "top_k": 14, "top_p": 0.7, "min_p": 0.1, "typical_p": 0.6},
)


def filters():
    """Each alone, every pair, and all together."""
    for name, values in ALONE.items():
        yield from ({name: value} for value in values)
    for settings in TOGETHER:
        for pair in itertools.combinations(settings, 2):
            yield {name: settings[name] for name in pair}
        yield settings


# Tokens so far; the first are the prompt. 5 6 and 5 6 7 occur twice, and so does 9.
HISTORY = [3, 5, 6, 7, 9, 11, 5, 6, 7, 2, 9, 5, 6]
PROMPT = 6
ENCODER = [8, 5, 6, 12, 9, 5, 4, 6, 13]


def penalty(settings, history=HISTORY, prompt=PROMPT, **more):
    return {"settings": settings, "history": history, "prompt_length": prompt, **more}


def penalties():
    for value in (1.3, 0.7):
        yield penalty({"repetition_penalty": value})
    # The first three are padding, which is not penalized.
    padded = [0, 0, 0, *HISTORY]
    yield penalty({"repetition_penalty": 1.5}, padded, PROMPT + 3, padding=3)
    for size in (1, 2, 3, 4, 14):
        yield penalty({"no_repeat_ngram_size": size})
    # Padding counts as tokens: 0 0 occurs, so 0 cannot follow 0.
    yield penalty({"no_repeat_ngram_size": 2}, [0, 0, 0, 4, 8, 0], 5, padding=3)
    for words in (
        [[4], [17]],
        [[5, 6, 10], [6, 11], [9, 12], [1]],
        [[7, 5, 6, 10], [9, 5, 6, 15], [6, 15]],
        HISTORY_AND_MORE,
    ):
        yield penalty({"bad_words_ids": words})
    yield penalty({"bad_words_ids": [[2], [4], [6, 2]], "eos_token_id": [2, 20]})
    yield penalty({"sequence_bias": [[[4], 1.5], [[6, 4], -2.0], [[5, 6, 4], 0.25], [[9, 8], 3.0]]})
    for length in (13, 14, 30):
        yield penalty({"min_length": length, "eos_token_id": 2})
    for new in (7, 8):
        yield penalty({"min_new_tokens": new, "eos_token_id": [2, 20]})
    # Without an end token neither has an effect.
    yield penalty({"min_length": 30, "min_new_tokens": 8})
    yield penalty({"suppress_tokens": [1, 7, 23]})
    yield penalty({"begin_suppress_tokens": [1, 7, 23]})
    yield penalty({"begin_suppress_tokens": [1, 7, 23]}, HISTORY[:PROMPT])
    yield penalty({"forced_eos_token_id": 2, "max_new_tokens": 8})
    yield penalty({"forced_eos_token_id": [20, 2], "max_new_tokens": 8})
    yield penalty({"forced_eos_token_id": 2, "max_new_tokens": 9})
    # Penalties of one step, and their precedence.
    several = {"repetition_penalty": 1.4, "no_repeat_ngram_size": 3, "bad_words_ids": [[6, 11]]}
    ends = {"eos_token_id": [2, 20], "min_new_tokens": 9}
    yield penalty({**several, **ends, "suppress_tokens": [1, 8]})
    yield penalty({**ends, "max_new_tokens": 8, "forced_eos_token_id": 2})
    yield penalty({"max_new_tokens": 8, "forced_eos_token_id": [2, 20], "suppress_tokens": [2]})
    yield penalty({"repetition_penalty": 1.4, "sequence_bias": [[[5], 1.0], [[6, 6], -1.0]]})
    # Decoders of encoder-decoders: the prompt is a start token, the encoder's input is separate.
    start = {"prompt": 1, "encoder": ENCODER}
    yield penalty({"forced_bos_token_id": 21}, [0], **start)
    yield penalty({"forced_bos_token_id": 21}, [0, 21], **start)
    yield penalty({"begin_suppress_tokens": [1, 7]}, [0], **start)
    forced = {"forced_bos_token_id": 21, "begin_suppress_tokens": [1, 7]}
    yield penalty(forced, [0], **start)
    yield penalty(forced, [0, 21], **start)
    yield penalty({**forced, "min_new_tokens": 3, "eos_token_id": 2}, [0], **start)
    for size in (1, 2, 3):
        yield penalty({"encoder_no_repeat_ngram_size": size}, HISTORY, **start)
    yield penalty({"encoder_repetition_penalty": 1.4}, HISTORY, **start)
    yield penalty({"repetition_penalty": 1.4, "encoder_no_repeat_ngram_size": 2}, HISTORY, **start)
    # In a decoder-only model the prompt counts as the encoder's input.
    yield penalty({"encoder_no_repeat_ngram_size": 2})


# A bad phrase as long as the text plus its next token, and a longer one.
HISTORY_AND_MORE = [[*HISTORY, 10], [1, *HISTORY, 11]]


def score_vectors():
    """Peaked, flat, in between, and with two leaders; no two scores are equal."""
    generator = torch.Generator().manual_seed(7)
    vectors = []
    for spread in (5.0, 0.4, 1.5, 1.0):
        drawn = torch.randn(VOCAB_SIZE, generator=generator, dtype=torch.float64) * spread
        vectors.append([round(x, 4) for x in drawn.tolist()])
    vectors[3][4], vectors[3][18] = 5.125, 5.0
    assert all(len(set(vector)) == VOCAB_SIZE for vector in vectors)
    return vectors


# -------------------------------------------------------------------------------------- computing


def processors(model, settings, case=None):
    """The list of processors of `generate`, by its own functions."""
    config = transformers.GenerationConfig(**json.loads(json.dumps(settings)))
    config, _ = model._prepare_generation_config(config)
    config.decoder_start_token_id = 0  # unused, but required
    model._prepare_special_tokens(config, True, device="cpu", batch_size=1)
    case = case or penalty({})
    length = case["prompt_length"]
    prompt = torch.tensor([case["history"][:length]])
    encoder = torch.tensor([case["encoder"]]) if "encoder" in case else prompt
    mask = torch.ones_like(prompt)
    mask[:, : case.get("padding", 0)] = 0
    config = model._prepare_generated_length(
        config, "max_length" not in settings, "min_length" not in settings, "input_ids", length,
        encoder,
    )
    return model._get_logits_processor(
        generation_config=config, input_ids_seq_length=length, encoder_input_ids=encoder,
        device="cpu", model_kwargs={"attention_mask": mask},
    )


def probabilities(model, settings, scores):
    scores = torch.tensor([scores], dtype=torch.float64)
    found = processors(model, {**settings, "do_sample": True})(None, scores)
    assert found.dtype == torch.float64
    return found.softmax(-1)[0].tolist()


def is_decided(model, settings, scores, found):
    """Whether noise keeps the same tokens."""
    generator = torch.Generator().manual_seed(8)
    kept = [p > 0 for p in found]
    for _ in range(20):
        noise = torch.randn(len(scores), generator=generator, dtype=torch.float64) * NOISE
        other = probabilities(model, settings, (torch.tensor(scores).double() + noise).tolist())
        if [p > 0 for p in other] != kept:
            return False
    return True


def processed(models, case, scores):
    model = models["encoder" in case]
    apply = processors(model, case["settings"], case)
    found = apply(torch.tensor([case["history"]]), torch.tensor([scores], dtype=torch.float64))
    return found[0].tolist()


def compute():
    models = {kind: load(id) for kind, id in MODELS.items()}
    vectors = score_vectors()
    finite = lambda x: None if x == float("-inf") else rounded(x)
    cases = []
    for settings, (at, scores) in itertools.product(filters(), enumerate(vectors)):
        found = probabilities(models[False], settings, scores)
        if is_decided(models[False], settings, scores, found):
            shown = [rounded(p) if p else 0 for p in found]
            cases.append({"settings": settings, "scores": at, "probabilities": shown})
        else:
            print(f"  scores {at}, {settings}: a matter of rounding", file=sys.stderr)
    changed = []
    for at, case in enumerate(penalties()):
        scores = at % len(vectors)
        found = [finite(x) for x in processed(models, case, vectors[scores])]
        changed.append({**case, "scores": scores, "processed": found})
    return {"versions": VERSIONS, "scores": vectors, "cases": cases, "penalties": changed}


# ------------------------------------------------------------------------------------------ files


def write():
    dump = lambda value: json.dumps(value, separators=(",", ":"))
    found = compute()
    lines = lambda values: "[\n" + ",\n".join(map(dump, values)) + "\n]"
    head = f'{{"versions":{dump(found.pop("versions"))}'
    rest = "".join(f',\n"{name}":{lines(values)}' for name, values in found.items())
    PATH.write_text(f"{head}{rest}}}\n", encoding="utf-8")


def close(a, b):
    """Equal except for the last digits of numbers."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(close(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(close, a, b))
    if isinstance(a, float) and isinstance(b, float):
        return abs(a - b) <= TOLERANCE * max(1, abs(a))
    return a == b


def check():
    stored, fresh = json.loads(PATH.read_text(encoding="utf-8")), compute()
    problems = [f"sampling.json: {key} differs" for key in fresh if not close(stored[key], fresh[key])]
    return problems
