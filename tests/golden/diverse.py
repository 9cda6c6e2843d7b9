#!/usr/bin/env python3
"""Adds diverse beam search to generation.json: transformers 5 has none, 4.51.3 does.

    diverse.py                  every model with such runs
    diverse.py t5 gpt2/base     a family, a model
    diverse.py --check [...]    recomputes the stored runs and compares

It needs the versions of requirements-groups.txt before the others on the path:

    python="$(scripts/reference-env)"
    "$python" -m pip install --no-deps --target DIR -r tests/golden/requirements-groups.txt
    PYTHONPATH=DIR "$python" tests/golden/diverse.py

The prompts are those of generation.py, which runs first.
"""

import argparse
import os
import sys

os.environ["GOLDEN_ENVIRONMENT"] = "groups"

import reference  # before torch: it sets the threads

from decoding import Run, check, entry, load_all, path_of, quiet, read, search, write

MODELS = ("gpt2/base", "llama/base", "t5/base", "bart/base")
PREFIX = "diverse-"
# The penalty by the number of groups, and others to try.
PENALTIES = ({2: 0.5, 4: 1.5}, {2: 0.7, 4: 1.0}, {2: 1.0, 4: 0.6})
SWAPPED = {2: 1.5, 4: 0.5}
# Runs that are equal in both versions, to verify that the model is the same.
COMMON = ("greedy", "greedy-eos")


def runs(penalties):
    """The table, with these penalties for two and for four groups."""
    matters = ("num_beam_groups",)  # without groups there is no diversity
    for groups, penalty in penalties.items():
        base = {"num_beams": 4, "num_beam_groups": groups, "diversity_penalty": penalty}
        name = f"{PREFIX}{groups}-{penalty}"
        yield Run(name, base, 2, matters, early=1)
        yield Run(f"{name}-best-4", {**base, "num_return_sequences": 4}, 2, matters, early=2)


def more_runs(penalties):
    matters = ("num_beam_groups",)
    for groups, penalty in penalties.items():
        some = {"num_return_sequences": groups // 2 + 1}
        base = {"num_beams": 4, "num_beam_groups": groups, "diversity_penalty": penalty, **some}
        name = f"{PREFIX}{groups}-{penalty}"
        yield Run(f"{name}-no-eos", base, 0, matters)
        yield Run(f"{name}-early", {**base, "early_stopping": True}, 2, matters, early=1)
        yield Run(f"{name}-never", {**base, "early_stopping": "never"}, 2, matters, early=1)
        for power in (0.5, 2.0, -1.0):
            yield Run(f"{name}-length-penalty-{power}", {**base, "length_penalty": power}, 2,
                      (*matters, "length_penalty"), early=int(power < 1))
        yield Run(f"{name}-repetition-penalty", {**base, "repetition_penalty": 1.3}, 2,
                  (*matters, "repetition_penalty"))
        yield Run(f"{name}-no-repeat-2", {**base, "no_repeat_ngram_size": 2}, 2, matters)
        yield Run(f"{name}-min-new-tokens", {**base, "min_new_tokens": 8}, 2,
                  (*matters, "min_new_tokens"))


def wanted():
    """Runs, and their replacements if they depend on rounding."""
    tables = [[*runs(each), *more_runs(each)] for each in PENALTIES]
    yield from zip(*tables)
    yield from ((run,) for run in runs(SWAPPED))


def write_model(id):
    model, stored = load_all(id), read(id)
    kept = [run for run in stored["runs"] if not run["name"].startswith(PREFIX)]
    entries = []
    for choice in wanted():
        tries = [(run, strict) for strict in (True, False) for run in choice]
        found = ((run, search(model, stored["prompts"], run, strict)) for run, strict in tries)
        run, outcome = next((each for each in found if each[1]), (None, None))
        if outcome:
            entries.append(entry(run, *outcome))
        else:
            print(f"{id}: no {choice[0].name}", file=sys.stderr)
    write(id, stored["prompts"], kept + entries)


def problems_of(id):
    """The differences from the stored runs, for these and for those equal in both versions."""
    model, stored = load_all(id), read(id)
    mine = [run for run in stored["runs"] if run["name"].startswith(PREFIX)]
    common = [run for run in stored["runs"] if run["name"] in COMMON]
    return check(model, stored, mine + common)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", nargs="*", help="`family` or `family/case`; default: all")
    parser.add_argument("--check", action="store_true", help="compare and write nothing")
    args = parser.parse_args()
    unknown = [n for n in args.model if not any(n in (id, id.split("/")[0]) for id in MODELS)]
    if unknown:
        parser.error(f"no model {', '.join(unknown)}; there are: {', '.join(MODELS)}")
    chosen = [id for id in MODELS if not args.model or {id, id.split("/")[0]} & set(args.model)]
    quiet()
    problems = []
    for id in chosen:
        print(id, file=sys.stderr)
        if not path_of(id).is_file():
            problems.append(f"{id}: no generation.json; run generation.py first")
            continue
        if not args.check:
            write_model(id)
        problems += problems_of(id)
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
