#!/usr/bin/env python3
"""Writes generation.json: the results of transformers' `generate` with the golden models.

    generation.py                    every model, and sampling.json
    generation.py t5 gpt2/base       a family, a model; `sampling` is sampling.json
    generation.py --check [...]      recomputes the stored runs and compares
    generation.py --list             the names of the models

The models are those of generate.py and are unchanged. Diverse beam search is not in
transformers 5: those runs are diverse.py's, and are kept here as long as the prompts do not change.
"""

import argparse
import itertools
import sys

import reference  # before torch: it sets the threads

import torch

import sampling
from files import selected
from decoding import (
    LENGTHS, NEW_TOKENS, Run, check, decided, ends_for, entry, freeze, generate, load_all, path_of,
    quiet, read, search, write,
)

# These have the whole table; the others have a third of it each, and the runs marked as core.
WHOLE = ("gpt2/base", "llama/base", "t5/base", "bart/base")
MODELS = WHOLE + (
    "mistral/base", "gemma2/base", "gemma3_text/base", "starcoder2/base", "qwen2/base",
    "bloom/base", "opt/base", "gpt_neox/base", "phi/base", "gpt_neo/base",
    "t5/v1_1", "mbart/base", "marian/base", "m2m_100/base", "pegasus/base",
)
CORE = ("greedy-eos", "beam-4-eos", "beam-4-best-4", "greedy-combined")

# Prompts to try until every run has been found; then those with the most runs are used.
SEEDS = 24

# ----------------------------------------------------------------------------------------- table


def bad_words(trial):
    """The most frequent tokens of greedy search, in two of the rows."""
    common = lambda row: max(trial.usable(row), key=row.count, default=None)
    words = dict.fromkeys(common(row) for row in trial.greedy[:2])
    return [[word] for word in words if word is not None]


def bad_phrases(trial):
    """Two tokens in a row of the first greedy continuation, three of the second, four, one."""
    first, second, third = trial.greedy
    phrases = [first[1:3], second[2:5], third[1:5], third[7:8]]
    return [phrase for phrase in phrases if len(trial.usable(phrase)) == len(set(phrase))]


def suppressed(trial):
    return sorted(trial.usable([row[2] for row in trial.greedy] + [trial.greedy[0][5]]))


def suppressed_first(trial):
    return sorted(trial.usable(row[0] for row in trial.greedy))


def suppressed_second(trial):
    """The position after a forced first token, if there is one: the start of the text."""
    rows = trial.greedily(forced_bos_token_id=unlikely(trial))
    return sorted(trial.usable(row[1] for row in rows))


def unlikely(trial):
    """A token that greedy search never selects."""
    taken = {trial.model.padding, *trial.ends, *(t for row in trial.greedy for t in row)}
    return next(i for i in range(trial.model.config.vocab_size) if i not in taken)


def end(trial):
    return trial.ends[0]


def ends(trial):
    return list(trial.ends)[::-1]


def longer_by(count):
    """A total length including the prompt, which in decoders includes its padding."""
    return lambda trial: trial.prompt_length + count


def greedy_runs():
    yield Run("greedy", {})
    yield Run("greedy-eos", {}, ends=2, early=2)
    yield Run("greedy-one-eos", {}, ends=1, early=1)
    yield Run("greedy-min-new-tokens", {"min_new_tokens": 9}, 2, ("min_new_tokens",))
    yield Run("greedy-min-length", {"min_length": longer_by(7)}, 2, ("min_length",),
              counts_padding=True)
    penalty = {"repetition_penalty": 1.3}
    yield Run("greedy-repetition-penalty", penalty, 0, ("repetition_penalty",))
    yield Run("greedy-repetition-reward", {"repetition_penalty": 0.8}, 2, ("repetition_penalty",))
    yield Run("greedy-no-repeat-2", {"no_repeat_ngram_size": 2}, 0, ("no_repeat_ngram_size",))
    yield Run("greedy-no-repeat-3", {"no_repeat_ngram_size": 3}, 0, ("no_repeat_ngram_size",))
    yield Run("greedy-bad-words", {"bad_words_ids": bad_words}, 0, ("bad_words_ids",))
    yield Run("greedy-bad-phrases", {"bad_words_ids": bad_phrases}, 0, ("bad_words_ids",))
    # An end token among the bad words is still allowed.
    yield Run("greedy-bad-eos", {"bad_words_ids": lambda trial: [[end(trial)], *bad_words(trial)]},
              2, ("bad_words_ids",), early=1)
    yield Run("greedy-suppress", {"suppress_tokens": suppressed}, 0, ("suppress_tokens",))
    yield Run("greedy-begin-suppress", {"begin_suppress_tokens": suppressed_first}, 0,
              ("begin_suppress_tokens",))
    yield Run("greedy-forced-eos", {"forced_eos_token_id": end}, 1, ("forced_eos_token_id",))
    yield Run("greedy-forced-eos-list", {"forced_eos_token_id": ends}, 2,
              ("forced_eos_token_id",))
    yield Run("greedy-forced-bos", {"forced_bos_token_id": unlikely}, 2,
              ("forced_bos_token_id",), only="encoder-decoder")
    yield Run("greedy-forced-bos-suppress",
              {"forced_bos_token_id": unlikely, "begin_suppress_tokens": suppressed_second}, 2,
              ("forced_bos_token_id", "begin_suppress_tokens"), only="encoder-decoder")
    for size in (1, 2):
        yield Run(f"greedy-encoder-no-repeat-{size}", {"encoder_no_repeat_ngram_size": size}, 0,
                  ("encoder_no_repeat_ngram_size",), only="encoder-decoder")
    yield Run("greedy-combined",
              {**penalty, "no_repeat_ngram_size": 3, "bad_words_ids": bad_phrases,
               "min_new_tokens": 7}, 2, ("repetition_penalty", "min_new_tokens"))
    yield Run("greedy-combined-forced",
              {"no_repeat_ngram_size": 2, "suppress_tokens": suppressed,
               "begin_suppress_tokens": suppressed_first, "forced_eos_token_id": end}, 1,
              ("no_repeat_ngram_size", "suppress_tokens"))


def beam_runs():
    two, four = {"num_beams": 2}, {"num_beams": 4}
    better = ("num_beams",)
    yield Run("beam-2", two, 0, better)
    yield Run("beam-4", four, 0, better)
    yield Run("beam-2-eos", two, 2, better, early=2)
    yield Run("beam-4-eos", four, 2, better, early=2)
    yield Run("beam-4-one-eos", four, 1, better, early=1)
    for penalty in (0.0, 0.5, 2.0, -1.0):
        yield Run(f"beam-4-length-penalty-{penalty}", {**four, "length_penalty": penalty}, 2,
                  (*better, "length_penalty"), early=int(penalty < 1))
    for penalty in (0.5, 2.0, -1.0):
        yield Run(f"beam-2-length-penalty-{penalty}-best-2",
                  {**two, "length_penalty": penalty, "num_return_sequences": 2}, 2,
                  ("length_penalty",), early=1)
    for name, early in (("early", True), ("never", "never")):
        stopping = {**four, "early_stopping": early}
        # Without an early stop the best sequence rarely changes.
        matters = ("early_stopping",) if early is True else better
        yield Run(f"beam-4-{name}", stopping, 2, matters, early=1)
        for penalty in (0.5, 2.0, -1.0):
            matters = ("length_penalty",) if early is True else better
            yield Run(f"beam-4-{name}-length-penalty-{penalty}",
                      {**stopping, "length_penalty": penalty}, 2, matters, early=int(penalty < 1))
        yield Run(f"beam-4-{name}-best-4", {**stopping, "num_return_sequences": 4}, 2,
                  ("early_stopping",), early=1)
    yield Run("beam-4-best-2", {**four, "num_return_sequences": 2}, 2, better, early=2)
    yield Run("beam-4-best-4", {**four, "num_return_sequences": 4}, 2, better, early=3)
    yield Run("beam-2-best-2", {**two, "num_return_sequences": 2}, 1, better, early=1)
    yield Run("beam-4-repetition-penalty", {**four, "repetition_penalty": 1.3}, 2,
              ("repetition_penalty",))
    for size in (2, 3):
        yield Run(f"beam-4-no-repeat-{size}", {**four, "no_repeat_ngram_size": size}, 2,
                  ("no_repeat_ngram_size",))
    yield Run("beam-4-bad-words", {**four, "bad_words_ids": bad_words}, 2, ("bad_words_ids",))
    yield Run("beam-2-bad-phrases", {**two, "bad_words_ids": bad_phrases}, 2, ("bad_words_ids",))
    yield Run("beam-4-suppress", {**four, "suppress_tokens": suppressed}, 2, ("suppress_tokens",))
    yield Run("beam-4-begin-suppress", {**four, "begin_suppress_tokens": suppressed_first}, 2,
              ("begin_suppress_tokens",))
    yield Run("beam-4-forced-eos", {**four, "forced_eos_token_id": end}, 1,
              ("forced_eos_token_id",))
    yield Run("beam-4-forced-bos", {**four, "forced_bos_token_id": unlikely}, 2,
              ("forced_bos_token_id",), only="encoder-decoder")
    yield Run("beam-4-min-new-tokens", {**four, "min_new_tokens": 8}, 2, ("min_new_tokens",))
    yield Run("beam-4-min-length", {**four, "min_length": longer_by(7)}, 2, ("min_length",),
              counts_padding=True)
    yield Run("beam-4-encoder-no-repeat-2", {**four, "encoder_no_repeat_ngram_size": 2}, 2,
              ("encoder_no_repeat_ngram_size",), only="encoder-decoder")
    yield Run("beam-4-combined",
              {**four, "num_return_sequences": 2, "early_stopping": True, "length_penalty": 2.0,
               "repetition_penalty": 1.3, "no_repeat_ngram_size": 3, "bad_words_ids": bad_phrases,
               "min_new_tokens": 5}, 2, ("repetition_penalty",))


RUNS = (*greedy_runs(), *beam_runs())


def runs_of(model):
    kind = "encoder-decoder" if model.is_encoder_decoder else "decoder"
    fitting = [run for run in RUNS if run.only in ("", kind)]
    if model.id in WHOLE:
        return fitting
    third = MODELS.index(model.id) % 3
    return [run for i, run in enumerate(fitting) if i % 3 == third or run.name in CORE]


# ---------------------------------------------------------------------------------------- prompts


def draw_prompts(model, seed):
    """Rows of different lengths without padding, and without the config's end and start tokens."""
    config = model.config
    names = ("pad_token_id", "eos_token_id", "bos_token_id", "decoder_start_token_id")
    special = {model.padding, *(getattr(config, name, None) for name in names)}
    tokens = torch.tensor([i for i in range(config.vocab_size) if i not in special])
    generator = torch.Generator().manual_seed(seed)
    draw = lambda: tokens[torch.randint(len(tokens), (), generator=generator)].item()
    # Some tokens twice in a row, which repetitive models also generate.
    again = lambda: model.is_encoder_decoder and torch.rand((), generator=generator) < 0.4
    rows = []
    for length in LENGTHS[model.is_encoder_decoder]:
        row = [draw()]
        while len(row) < length:
            row.append(row[-1] if again() else draw())
        rows.append(row)
    return rows


def says_something(model, rows):
    """Whether the greedy continuations vary, can end at different steps, and are robust."""
    settings = {"max_new_tokens": max(n for n in NEW_TOKENS if n <= model.longest), **model.basics}
    found = generate(model.exact, rows, settings)
    varied = len({tuple(row[0]) for row in found.sequences}) == 3
    return (
        varied
        and len(ends_for(model, freeze(rows), 1)) >= 2
        and decided(model, rows, settings, found)
    )


def find(model):
    """The first prompts for which every run is a test, or those with the most such runs."""
    wanted = list(runs_of(model))
    best, fewest = None, len(wanted) + 1
    failures = dict.fromkeys((run.name for run in wanted), 0)
    rows_of = (draw_prompts(model, seed) for seed in range(40 * SEEDS))
    rows_of = itertools.islice((rows for rows in rows_of if says_something(model, rows)), SEEDS)
    for rows in rows_of:
        missing, outcomes = [], {}
        # Runs that failed before come first, so that unsuitable prompts are given up early.
        for run in sorted(wanted, key=lambda run: -failures[run.name]):
            outcomes[run.name] = search(model, rows, run)
            if outcomes[run.name] is None:
                missing.append(run.name)
                failures[run.name] += 1
            if len(missing) >= fewest:
                break
        print(f"  {len(outcomes)} runs, of them fail {', '.join(missing)}", file=sys.stderr)
        if len(missing) < fewest:
            best, fewest = (rows, outcomes), len(missing)
        if not missing:
            break
    assert best, f"{model.id}: no prompts say anything"
    return best


def write_model(id):
    model = load_all(id)
    rows, outcomes = find(model)
    entries = []
    for run in runs_of(model):
        outcome = outcomes[run.name]
        if outcome is None:
            outcome = search(model, rows, run, strict=False)
            print(f"{id}: {run.name} has no effect" if outcome else f"{id}: no {run.name}",
                  file=sys.stderr)
        if outcome:
            entries.append(entry(run, *outcome))
    diverse = []
    if path_of(id).is_file():
        stored = read(id)
        diverse = [run for run in stored["runs"] if run["name"].startswith("diverse-")]
        if diverse and stored["prompts"] != rows:
            print(f"{id}: other prompts; run diverse.py again", file=sys.stderr)
            diverse = []
    write(id, rows, entries + diverse)


def check_model(id):
    if not path_of(id).is_file():
        return [f"{id}: no generation.json"]
    stored = read(id)
    runs = [run for run in stored["runs"] if not run["name"].startswith("diverse-")]
    return check(load_all(id), stored, runs)


# -------------------------------------------------------------------------------------------- CLI


def all_jobs():
    """The writer and the checker of the runs of each model, and those of sampling."""
    jobs = {id: (lambda id=id: write_model(id), lambda id=id: check_model(id)) for id in MODELS}
    jobs["sampling"] = (sampling.write, sampling.check)
    return jobs


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", nargs="*", help="`family`, `family/case` or `sampling`")
    parser.add_argument("--check", action="store_true", help="compare and write nothing")
    parser.add_argument("--list", action="store_true", help="list the models")
    args = parser.parse_args()
    jobs = selected(args.model, all_jobs())
    if args.list:
        print("\n".join(jobs))
        return 0
    quiet()
    problems = []
    for id, (write_it, check_it) in jobs.items():
        print(id, file=sys.stderr)
        if args.check:
            problems += check_it()
        else:
            write_it()
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
