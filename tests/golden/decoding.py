"""Code shared by generation.py and diverse.py: models, batches, and robust runs.

Import this after `reference`; it works with transformers 4 and 5.
"""

import contextlib
import functools
import json
from dataclasses import dataclass

import torch
import transformers

from reference import HERE
from tasks import really

# Rows of clearly different lengths.
LENGTHS = {False: (9, 4, 6), True: (11, 4, 7)}
# The padding id if the config has none: only the mask marks padding.
PADDING = 0
MOST_TOKENS = 24
# Lengths and sets of end tokens to try for a run, until it is robust to rounding.
NEW_TOKENS = (16, 14, 18, 12, 20, 24)
END_SETS = 6

# Models that repeat a token forever, unless prevented: the config's embeddings are tied and
# large, so that every token predicts itself.
DULL = ("t5/base", "mbart/base", "marian/base", "m2m_100/base", "pegasus/base")

# Each parameter has N(0, NOISE · its standard deviation) added, this many times.
NOISE = 1e-4
NOISY_COPIES = 3
# The allowed relative difference of a score in f64 from that in f32.
SCORE_TOLERANCE = 1e-5

# ---------------------------------------------------------------------------------------- models


@dataclass(frozen=True, eq=False)
class Model:
    """A golden model, and variants with other rounding."""

    id: str
    exact: object
    # In f64, and with noise on the weights.
    others: tuple

    @property
    def config(self):
        return self.exact.config

    @property
    def is_encoder_decoder(self):
        return self.config.is_encoder_decoder

    @property
    def padding(self):
        return PADDING if self.config.pad_token_id is None else self.config.pad_token_id

    @property
    def longest(self):
        """The largest number of new tokens with positions after the longest prompt."""
        positions = getattr(self.config, "max_position_embeddings", None) or 10**6
        taken = 1 if self.is_encoder_decoder else max(LENGTHS[False])
        return min(MOST_TOKENS, positions - taken + 1)  # the last token needs no position

    @property
    def basics(self):
        """The settings common to all runs."""
        start = {}
        if self.is_encoder_decoder:
            start = {"decoder_start_token_id": self.config.decoder_start_token_id}
        varied = {}
        if self.id in DULL:
            varied = {"no_repeat_ngram_size": 2, "bad_words_ids": [[self.padding]]}
        return {"pad_token_id": self.padding, **start, **varied}


def load(id, dtype=torch.float32):
    config = transformers.AutoConfig.from_pretrained(HERE / id)
    kind = "Seq2SeqLM" if config.is_encoder_decoder else "CausalLM"
    auto = getattr(transformers, f"AutoModelFor{kind}")
    model = auto.from_pretrained(HERE / id, torch_dtype=dtype, attn_implementation="eager")
    model.generation_config = transformers.GenerationConfig()
    return model.eval()


def load_noisy(id, seed):
    model = load(id)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            parameter.add_(noise * parameter.std(correction=0), alpha=NOISE)
    return model


def load_all(id):
    noisy = (load_noisy(id, 3000 + copy) for copy in range(NOISY_COPIES))
    return Model(id, load(id), (load(id, torch.float64), *noisy))


# ----------------------------------------------------------------------------------- generating


@dataclass(frozen=True)
class Found:
    """The results of `generate`: the sequences of every prompt, best first, and their scores."""

    sequences: list
    # For beam search only.
    scores: list | None

    def agrees(self, other):
        if self.sequences != other.sequences:
            return False
        pairs = zip(flat(self.scores or []), flat(other.scores or []), strict=True)
        return all(abs(a - b) <= SCORE_TOLERANCE * max(1, abs(a)) for a, b in pairs)


def freeze(rows):
    return tuple(map(tuple, rows))


def flat(rows):
    return [x for row in rows for x in row]


def padded(model, rows, padding):
    """Decoders continue at the end of a row, so they are padded on the left."""
    width = max(len(row) for row in rows)
    ids, masks = [], []
    for row in rows:
        row, fill = list(row), [padding] * (width - len(row))
        ones, zeros = [1] * len(row), [0] * len(fill)
        left = not model.config.is_encoder_decoder
        ids.append(fill + row if left else row + fill)
        masks.append(zeros + ones if left else ones + zeros)
    return torch.tensor(ids), torch.tensor(masks)


def ends_of(settings):
    ends = settings.get("eos_token_id", [])
    return ends if isinstance(ends, list) else [ends]


@contextlib.contextmanager
def precision(dtype):
    """Casts everything to this dtype, including lists of tensors."""
    torch.set_default_dtype(dtype)
    try:
        with really(dtype):
            yield
    finally:
        torch.set_default_dtype(torch.float32)


def generate(model, rows, settings):
    ids, mask = padded(model, rows, settings["pad_token_id"])
    copy = json.loads(json.dumps(settings))
    config = transformers.GenerationConfig(
        **copy, return_dict_in_generate=True, output_scores=True
    )
    with torch.no_grad(), precision(model.dtype):
        output = model.generate(ids, attention_mask=mask, generation_config=config)
    start = 1 if model.config.is_encoder_decoder else ids.shape[1]
    new = [trimmed(row, ends_of(settings)) for row in output.sequences[:, start:].tolist()]
    best = settings.get("num_return_sequences", 1)
    by_prompt = lambda values: [values[i : i + best] for i in range(0, len(values), best)]
    scores = None
    if settings.get("num_beams", 1) > 1:
        scores = by_prompt([rounded(score) for score in output.sequences_scores.tolist()])
    return Found(by_prompt(new), scores)


def trimmed(row, ends):
    """The tokens up to and including the first end token; the rest is padding."""
    at = next((i for i, token in enumerate(row) if token in ends), len(row))
    return row[: at + 1]


def rounded(x):
    return float(f"{x:.7g}")


# ------------------------------------------------------------------------------------------ runs


@dataclass(frozen=True)
class Run:
    """A row of the table: settings, and the effects required to count as a test."""

    name: str
    # Values may be functions of a `Trial`.
    settings: dict
    # How many end tokens: none, one (a number in the settings), or a list of two.
    ends: int = 0
    # The settings each of which must change the sequences.
    matters: tuple = ()
    # For "encoder-decoder" or "decoder" models only.
    only: str = ""
    # The minimum number of sequences that end early.
    early: int = 0
    # Padding affects the result, as in `min_length`, which counts it.
    counts_padding: bool = False


class Trial:
    """One choice of prompts, length and end tokens, and the result of greedy search."""

    def __init__(self, model, rows, new_tokens, ends):
        self.model, self.rows, self.new_tokens, self.ends = model, rows, new_tokens, ends

    @functools.cached_property
    def greedy(self):
        return self.greedily()

    def greedily(self, **settings):
        """The result of greedy search with other settings."""
        settings = {"max_new_tokens": self.new_tokens, **self.model.basics, **settings}
        return [best[0] for best in generate(self.model.exact, self.rows, settings).sequences]

    @property
    def prompt_length(self):
        return 1 if self.model.is_encoder_decoder else max(len(row) for row in self.rows)

    def usable(self, tokens):
        """The distinct tokens that are neither padding nor an end token."""
        taken = {self.model.padding, *self.ends}
        return [token for token in dict.fromkeys(tokens) if token not in taken]

    def settings(self, run):
        ends = {0: {}, 1: {"eos_token_id": self.ends[0]}, 2: {"eos_token_id": list(self.ends)}}
        values = {
            key: value(self) if callable(value) else value for key, value in run.settings.items()
        }
        basics = self.model.basics
        if "bad_words_ids" in values:
            values["bad_words_ids"] += basics.get("bad_words_ids", [])
        return {"max_new_tokens": self.new_tokens, **basics, **ends[run.ends], **values}

    def without(self, settings, key):
        """The settings without one, which is reset to the value common to all runs."""
        less = {k: v for k, v in settings.items() if k != key}
        if key == "num_beams":
            less.pop("num_return_sequences", None)
        if key == "num_beam_groups":
            less.pop("diversity_penalty")
        basics = self.model.basics
        usual = {key: basics[key]} if basics.get(key, settings[key]) != settings[key] else {}
        return {**less, **usual}


def end_sets(greedy):
    """Pairs of tokens at which the greedy rows end after different numbers of tokens, some early.

    Pairs in which each token ends some row come first.
    """
    first = lambda row, ends: next((i for i, t in enumerate(row) if t in ends), len(row))
    tokens = sorted(set(flat(greedy)))
    pairs = [(a, b) for a in tokens for b in tokens if a < b]
    steps = {pair: [first(row, pair) for row in greedy] for pair in pairs}
    good = lambda found: len(set(found)) == len(found) and min(found) < 7 and sorted(found)[1] < 12
    singly = lambda pair, end: any(step != first(r, [end]) for r, step in zip(greedy, steps[pair]))
    chosen = [pair for pair in pairs if good(steps[pair]) and all(singly(pair, e) for e in pair)]
    # Later ends leave more tokens to compare.
    chosen.sort(key=lambda pair: (-min(steps[pair]), -sum(steps[pair]), pair))
    return chosen[:END_SETS]


@functools.lru_cache
def ends_for(model, rows, num_beams):
    """Pairs of end tokens for these prompts, from greedy and beam search."""
    settings = {"max_new_tokens": model.longest, **model.basics}
    prompted, sets = set(flat(rows)), {}
    for beams in sorted({num_beams, 1}, reverse=True):
        found = generate(model.exact, rows, {**settings, "num_beams": beams})
        pairs = end_sets([best[0] for best in found.sequences])
        sets |= {pair: None for pair in pairs if not prompted & set(pair)}
    return list(sets)


def attempt(trial, run, strict):
    """The settings and their result, if it is a test and robust to rounding."""
    model, rows = trial.model, trial.rows
    try:
        settings = trial.settings(run)
    except IndexError:
        return None  # a setting has no suitable tokens
    found = generate(model.exact, rows, settings)
    if strict and not has_effect(trial, run, settings, found):
        return None
    if not decided(model, rows, settings, found):
        return None
    if not run.counts_padding:
        alone = [generate(model.exact, [row], settings).sequences[0] for row in rows]
        if alone != found.sequences:
            return None
    return settings, found


def has_effect(trial, run, settings, found):
    """Whether the sequences have enough tokens, and change without the tested settings."""
    texts = flat(found.sequences)
    short = [text for text in texts if len(text) < trial.new_tokens]
    if len(short) < run.early or max(map(len, texts)) < 5 or len(set(freeze(texts))) < 2:
        return False
    others = (trial.without(settings, key) for key in run.matters)
    model, rows = trial.model.exact, trial.rows
    return all(generate(model, rows, other).sequences != found.sequences for other in others)


def decided(model, rows, settings, found):
    """Whether f64 and noise give the same sequences."""
    f64, *noisy = model.others
    if not found.agrees(generate(f64, rows, settings)):
        return False
    return all(generate(m, rows, settings).sequences == found.sequences for m in noisy)


def search(model, rows, run, strict=True):
    """The first length and end tokens that make this run a test; None if there are none."""
    sets = ends_for(model, freeze(rows), run.settings.get("num_beams", 1))
    for new_tokens in (n for n in NEW_TOKENS if n <= model.longest):
        for ends in sets if run.ends else sets[:1]:
            outcome = attempt(Trial(model, rows, new_tokens, ends), run, strict)
            if outcome:
                return outcome
    return None


# ------------------------------------------------------------------------------------------ files


def path_of(id):
    return HERE / id / "generation.json"


def entry(run, settings, found):
    scores = {} if found.scores is None else {"scores": found.scores}
    return {"name": run.name, "settings": settings, "sequences": found.sequences, **scores}


def write(id, prompts, runs):
    """One run per line."""
    dump = functools.partial(json.dumps, separators=(",", ":"))
    lines = ",\n".join(dump(run) for run in runs)
    text = f'{{"prompts":{dump(prompts)},\n"runs":[\n{lines}\n]}}\n'
    path_of(id).write_text(text, encoding="utf-8")


def read(id):
    return json.loads(path_of(id).read_text(encoding="utf-8"))


def check(model, stored, runs):
    """Recomputes stored runs: the same sequences, whatever the rounding, and close scores."""
    problems = []
    for run in runs:
        found = generate(model.exact, stored["prompts"], run["settings"])
        if not found.agrees(Found(run["sequences"], run.get("scores"))):
            problems.append(f"{model.id}: {run['name']} differs")
        elif not decided(model, stored["prompts"], run["settings"], found):
            problems.append(f"{model.id}: {run['name']} depends on rounding")
    return problems


def quiet():
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
