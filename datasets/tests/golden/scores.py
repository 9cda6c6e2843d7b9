#!/usr/bin/env python3
"""Writes scores.json: the standard tools' results for zoo_datasets::score.

    python -m venv DIR && DIR/bin/pip install -r datasets/tests/golden/requirements.txt
    DIR/bin/python datasets/tests/golden/scores.py [--check]

scikit-learn scores labels, scipy and scikit-learn numbers, transformers answers (SQuAD 2.0; 1.1 has
its script's F1), rouge_score summaries, pytrec_eval rankings (BEIR's definition of MRR), and scipy
computes bootstrap intervals.
"""

import argparse
import importlib.metadata
import json
import pathlib
import random
import sys
import types
import warnings
from collections import Counter

HERE = pathlib.Path(__file__).resolve().parent
FILE = HERE / "scores.json"
SEED = 7


def pinned_versions():
    """The versions in requirements.txt; exits if the installed ones differ."""
    lines = (HERE / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    for name, wanted in pins.items():
        found = importlib.metadata.version(name)
        if found != wanted:
            sys.exit(f"{name}: {wanted} is pinned, {found} is installed; see requirements.txt")
    return pins


VERSIONS = pinned_versions()

import numpy as np
import pytrec_eval
import scipy.stats
import sklearn.metrics as metrics
from rouge_score import rouge_scorer
from transformers.data.metrics import squad_metrics

# ------------------------------------------------------------------------------- classification


def averages(expected, found, **options):
    """Precision, recall and F1."""
    scores = metrics.precision_recall_fscore_support(expected, found, zero_division=0, **options)
    return [float(value) for value in scores[:3]]


def per_class(expected, found, labels):
    """Precision, recall, F1 and support of each class."""
    scores = metrics.precision_recall_fscore_support(expected, found, labels=labels, zero_division=0)
    return [[float(value) for value in row] for row in zip(*scores)]


def classification():
    draw = random.Random(SEED)
    labels = lambda n, k: [draw.randrange(k) for _ in range(n)]
    noisy = lambda labels, k: [draw.randrange(k) if draw.random() < 0.4 else x for x in labels]
    three, ten = labels(60, 3), labels(80, 10)
    cases = [
        ("two classes", 2, labels(30, 2), labels(30, 2)),
        ("three classes", 3, noisy(three, 3), three),
        ("ten classes", 10, noisy(ten, 10), ten),
        ("all correct", 3, three, three),
        ("all wrong", 2, [1, 0, 1], [0, 1, 0]),
        ("one class", 1, [0, 0], [0, 0]),
        ("one class of three", 3, [1, 1, 1], [1, 1, 1]),
        ("one class found", 3, [2] * 6, [0, 1, 2, 0, 1, 2]),
        ("one class expected", 3, [0, 1, 2, 0], [1, 1, 1, 1]),
        ("a class never found", 3, [0, 1, 0, 1], [0, 2, 2, 1]),
        ("a class never expected", 4, [0, 1, 3, 3], [0, 1, 0, 1]),
        ("a class without examples", 5, [0, 1, 4, 4], [0, 1, 4, 1]),
        ("one example", 2, [1], [0]),
    ]
    return [
        {
            "name": name,
            "labels": count,
            "found": found,
            "expected": expected,
            "accuracy": float(metrics.accuracy_score(expected, found)),
            "macro": averages(expected, found, average="macro"),
            "weighted": averages(expected, found, average="weighted"),
            "mcc": float(metrics.matthews_corrcoef(expected, found)),
            "classes": per_class(expected, found, list(range(count))),
            "confusion": metrics.confusion_matrix(expected, found, labels=list(range(count))).tolist(),
        }
        for name, count, found, expected in cases
    ]


def multi_label():
    draw = random.Random(SEED)
    sets = lambda n, k, share: [[x for x in range(k) if draw.random() < share] for _ in range(n)]
    cases = [
        ("drawn", 4, sets(40, 4, 0.4), sets(40, 4, 0.4)),
        ("sparse", 8, sets(30, 8, 0.1), sets(30, 8, 0.1)),
        ("nothing found", 3, [[], []], [[0], [1, 2]]),
        ("nothing expected", 3, [[0], [1, 2]], [[], []]),
        ("nothing at all", 2, [[], []], [[], []]),
        ("a label without examples", 3, [[0], [0, 1], []], [[0], [1], [0]]),
        ("all correct", 2, [[0], [], [1, 0]], [[0], [], [0, 1]]),
    ]
    result = []
    for name, count, found, expected in cases:
        dense = lambda rows: np.array([[int(x in row) for x in range(count)] for row in rows])
        f, e = dense(found), dense(expected)
        result.append({
            "name": name,
            "labels": count,
            "found": found,
            "expected": expected,
            "subset_accuracy": float(metrics.accuracy_score(e, f)),
            "micro": averages(e, f, average="micro"),
            "macro": averages(e, f, average="macro"),
            "classes": per_class(e, f, list(range(count))),
        })  # fmt: skip
    return result


# ----------------------------------------------------------------------------------- regression


def regression():
    draw = np.random.Generator(np.random.PCG64(SEED))
    y = draw.normal(0, 1, 20)
    cases = [
        ("drawn", y + draw.normal(0, 0.5, 20), y),
        ("ties", draw.integers(0, 4, 25), draw.integers(0, 4, 25)),
        ("negative", -y + draw.normal(0, 0.1, 20), y),
        ("equal", y, y),
        ("two values", [1, 2], [5, 3]),
        ("far from zero", 1e6 + y, 1e6 + 2 * y),
        ("large", 1e100 * (y + draw.normal(0, 1, 20)), 1e100 * y),
        ("zeros of both signs", [0.0, -0.0, 1.0, 2.0], [1.0, 1.0, 3.0, 2.0]),
        ("constant found", [2, 2, 2], [1, 2, 3]),
        ("constant expected", [1, 2, 3], [0.5, 0.5, 0.5]),
        ("constant and correct", [0.5, 0.5], [0.5, 0.5]),
    ]
    result = []
    for name, found, expected in cases:
        found, expected = np.asarray(found, float), np.asarray(expected, float)
        defined = len(set(found)) > 1 and len(set(expected)) > 1
        result.append({
            "name": name,
            "found": found.tolist(),
            "expected": expected.tolist(),
            "pearson": float(scipy.stats.pearsonr(found, expected).statistic) if defined else None,
            "spearman": float(scipy.stats.spearmanr(found, expected).statistic) if defined else None,
            "mse": float(metrics.mean_squared_error(expected, found)),
            "mae": float(metrics.mean_absolute_error(expected, found)),
            "r2": float(metrics.r2_score(expected, found)),
        })  # fmt: skip
    return result


# -------------------------------------------------------------------------------------- answers

# The text found and the right answers; every rule of the normalization.
ANSWERS = [
    ("Denver Broncos", ["Denver Broncos", "Denver Broncos", "the Broncos"]),
    ("The Denver Broncos!", ["denver broncos"]),
    ("gold", ["gold and black", "the color gold"]),
    ("a a b b", ["b b a c", "b"]),
    ("An apple, a day", ["apple day"]),
    ("theatre an-d A. the", ["theatre and"]),
    ("a–b the—end «the» “a”", ["b end", "–b"]),
    ("the2 2the a_b the's", ["the2", "ab thes"]),
    ("éa aé thé naïve", ["éa aé naïve", "naive"]),
    ("İstanbul STRASSE ΟΔΟΣ", ["i̇stanbul straße οδος"]),
    ("日本 the 東京", ["日本 東京"]),
    ("日本the東京", ["日本 東京", "日本the東京"]),
    ("no-break\u00a0space\u3000and\u2028line\u001csep", ["nobreak space and line sep"]),
    ("$1,000.50", ["1000.50", "$100050"]),
    ("wrong", ["right", "other"]),
    ("", ["right"]),
    ("...", ["right", "the"]),
    ("the", ["a", "an"]),
    ("", ["", "the"]),
    ("word", ["the", "word of the day"]),
    ("x x x", ["x x", "x"]),
]
UNANSWERABLE = [("", []), ("the.", []), ("an answer", []), ("  \t", [])]


def script_f1(answer, found):
    """F1 of evaluate-v1.1.py."""
    found, answer = (squad_metrics.normalize_answer(text).split() for text in (found, answer))
    common = sum((Counter(found) & Counter(answer)).values())
    if common == 0:
        return 0.0
    precision, recall = common / len(found), common / len(answer)
    return 2 * precision * recall / (precision + recall)


def first(found, answers):
    exact = max(squad_metrics.compute_exact(answer, found) for answer in answers)
    return [100.0 * exact, 100.0 * max(script_f1(answer, found) for answer in answers)]


def second(rows):
    """The scores of all, answerable and unanswerable questions; None if there are none."""
    rows = dict(enumerate(rows))
    questions = [
        types.SimpleNamespace(qas_id=at, answers=[{"text": text} for text in answers])
        for at, (_, answers) in rows.items()
    ]
    scores = squad_metrics.squad_evaluate(questions, {at: found for at, (found, _) in rows.items()})
    parts = ["exact", "f1", "total"], ["HasAns_exact", "HasAns_f1", "HasAns_total"], ["NoAns_exact", "NoAns_f1", "NoAns_total"]
    return [[scores[key] for key in part] if part[0] in scores else None for part in parts]


def answers():
    questions = [
        {"found": found, "answers": right, "v1": first(found, right) if right else None, "v2": second([(found, right)])[0][:2]}
        for found, right in ANSWERS + UNANSWERABLE
    ]
    mean = np.mean([first(*row) for row in ANSWERS], axis=0).tolist()
    parts = {"all": ANSWERS + UNANSWERABLE, "answerable": ANSWERS, "unanswerable": UNANSWERABLE}
    return {"questions": questions, "v1": mean, "v2": {name: second(rows) for name, rows in parts.items()}}


# ------------------------------------------------------------------------------------ summaries

SUMMARIES = [
    ("The quick brown fox jumps over the lazy dog.", ["The quick brown dog jumps on the log."]),
    ("the cat\nsat on the mat", ["the cat sat\non the mat", "a cat"]),
    ("a b c d\ne f g\nh", ["a c\nb d e\nf h g", "h g f e d c b a"]),
    ("a a a a", ["a a", "a b a b a"]),
    ("A-B_C it's 3.14 naïve ÉCOLE", ["a b c its 3 14 na ve cole"]),
    ("\u212aelvin İstanbul", ["kelvin i stanbul"]),
    ("one", ["one", "two"]),
    ("one", ["two"]),
    ("", ["a b"]),
    ("a b", ["", "\n"]),
    ("", [""]),
    ("日本語", ["日本語"]),
    ("\n\nx y\n\n\ny z\n", ["x y z\n\n", "y\nx"]),
]


def drawn_summaries():
    draw = random.Random(SEED)
    for _ in range(30):
        text = lambda n: "".join(draw.choice("abcdefg") + draw.choice(["\n", " ", " ", ", "]) for _ in range(n))
        yield text(draw.randrange(1, 40)), [text(draw.randrange(1, 40)) for _ in range(draw.randrange(1, 4))]


def summaries():
    scorer = rouge_scorer.RougeScorer(["rouge1", "rouge2", "rougeL", "rougeLsum"], use_stemmer=False)
    rows = []
    for found, references in [*SUMMARIES, *drawn_summaries()]:
        scores = scorer.score_multi(references, found)
        scores = [[float(x) for x in score] for score in scores.values()]
        rows.append({"found": found, "references": references, "scores": scores})
    return {"summaries": rows, "mean": np.mean([row["scores"] for row in rows], axis=0).tolist()}


# ------------------------------------------------------------------------------------- rankings

CUTOFFS = [1, 3, 5, 10, 100]


def rankings():
    draw = random.Random(SEED)
    documents = [f"d{at}" for at in range(30)]
    cases = []
    for graded in (False, True):
        for length in (0, 1, 4, 12, 30):
            judged = draw.sample(documents, draw.randrange(1, 12))
            relevance = {name: draw.choice([0, 1, 2, 5] if graded else [0, 1, 1]) for name in judged}
            cases.append((draw.sample(documents, length), relevance))
    cases.append((documents[:5], {"d9": 3}))
    cases.append((documents[:5], {"d1": 0, "d2": 0}))
    cases.append((documents[:3], {"d0": 2, "d1": 1, "d2": 1}))
    rows = [{"ranked": ranked, "relevance": relevance} | ranking(ranked, relevance) for ranked, relevance in cases]
    mean = lambda key: np.mean([row[key] for row in rows], axis=0).tolist()
    return {"cutoffs": CUTOFFS, "queries": rows, "mean": {key: mean(key) for key in ("map", "at")}}


def ranking(ranked, relevance):
    """MAP, and recall, precision, MRR, nDCG and MAP at each cutoff."""
    # pytrec_eval ignores a query without documents: one that nobody has judged comes last.
    run = {name: float(-at) for at, name in enumerate(ranked or ["unjudged"])}
    cuts = ",".join(map(str, CUTOFFS))
    names = [f"{name}.{cuts}" for name in ("recall", "P", "ndcg_cut", "map_cut")]
    found = pytrec_eval.RelevanceEvaluator({"q": relevance}, {"map", *names}).evaluate({"q": run})["q"]
    hits = [at + 1 for at, name in enumerate(ranked) if relevance.get(name, 0) > 0]
    mrr = lambda k: 1 / hits[0] if hits and hits[0] <= k else 0.0
    at = [[found[f"recall_{k}"], found[f"P_{k}"], mrr(k), found[f"ndcg_cut_{k}"], found[f"map_cut_{k}"]] for k in CUTOFFS]
    return {"map": found["map"], "at": at}


# ------------------------------------------------------------------------------------ intervals


def intervals():
    draw = np.random.Generator(np.random.PCG64(SEED))
    samples = [
        draw.normal(3, 2, 50), draw.random(200), draw.exponential(1, 30),
        (draw.random(400) < 0.8).astype(float), (draw.random(100) < 0.03).astype(float),
    ]  # fmt: skip
    result = []
    for values, level in zip(samples, (0.95, 0.9, 0.95, 0.95, 0.99)):
        values = np.round(values, 6)
        found = scipy.stats.bootstrap(
            (values,), np.mean, n_resamples=200_000, batch=10_000, confidence_level=level, method="percentile", rng=draw
        )
        low, high = map(float, found.confidence_interval)
        error = float(found.standard_error)
        result.append({"values": values.tolist(), "level": level, "low": low, "high": high, "standard_error": error})
    return result


# ---------------------------------------------------------------------------------------- files


def compute():
    return {
        "classification": classification(),
        "multi_label": multi_label(),
        "regression": regression(),
        "answers": answers(),
        "summaries": summaries(),
        "rankings": rankings(),
        "intervals": intervals(),
    }


def close(a, b):
    """Equal except for the last digits of numbers."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(close(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(close, a, b))
    if isinstance(a, float) and isinstance(b, float):
        return abs(a - b) <= 1e-12 * max(1, abs(a))
    return a == b


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compute again and compare")
    check = parser.parse_args().check
    warnings.filterwarnings("ignore")
    value = {"versions": VERSIONS, **compute()}
    if check:
        if not close(json.loads(FILE.read_text(encoding="utf-8")), json.loads(json.dumps(value))):
            sys.exit(f"{FILE.name} differs")
        return
    # One part a line.
    parts = [f"{json.dumps(k)}:{json.dumps(v, ensure_ascii=False, separators=(',', ':'), allow_nan=False)}" for k, v in value.items()]
    FILE.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")
    print(f"{FILE.name}: {FILE.stat().st_size} bytes")


if __name__ == "__main__":
    main()
