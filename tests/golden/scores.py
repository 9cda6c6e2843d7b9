#!/usr/bin/env python3
"""Writes scores/: the standard tools' results for the scores and statistics of Burn Zoo.

    python -m venv DIR && DIR/bin/pip install -r tests/golden/requirements-scores.txt
    DIR/bin/python tests/golden/scores.py [--check]

sacreBLEU scores translations, seqeval entities, scikit-learn accuracies; scipy and statsmodels give
the intervals, tests and fits.
"""

import argparse
import importlib.metadata
import itertools
import json
import pathlib
import random
import sys
import warnings

HERE = pathlib.Path(__file__).resolve().parent
FOLDER = HERE / "scores"
SEED = 6


def pinned_versions():
    """The versions in requirements-scores.txt; exits if the installed ones differ."""
    lines = (HERE / "requirements-scores.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    for name, wanted in pins.items():
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found = "nothing"
        if found != wanted:
            sys.exit(f"{name}: {wanted} is pinned, {found} is installed; see requirements-scores.txt")
    return pins


VERSIONS = pinned_versions()

import sacrebleu.metrics
import seqeval.metrics
import seqeval.scheme
import sklearn.metrics

from scores_statistics import statistics

# ----------------------------------------------------------------------------------- translations

# Hypothesis, and its references. Every rule of 13a, scripts with and without spaces, white space of
# all kinds, and sentences too short for n-grams.
SENTENCES = [
    ("The cat sat on the mat.", ["The cat sat on the mat.", "A cat was sitting on the mat."]),
    ("It costs $1,234.56, or 12.5% more.", ["It costs $1,234.56 or 12,5 % more!", "It costs 12.5% more."]),
    ("Wait... what?! (Really?)", ["Wait… what? (Really?!)", "Wait.. what?"]),
    ("Tom &amp; Jerry say &quot;hello&quot; &lt;b&gt;", ['Tom & Jerry say "hello" <b>', "Tom and Jerry say hello"]),
    ("&amp;lt; is &apos;less&apos;", ["&lt; is 'less'", "< is less"]),
    ("The state-of-the-art 3-year-old, 2020-21", ["state-of-the-art 3 - year - old, 2020-2021", "A 3-year-old"]),
    ("don't can't 'quoted' rock'n'roll", ["do n't can 't ' quoted ' rock 'n' roll", "don't"]),
    ("Déjà vu: naïve façade — ÅNGSTRÖM!", ["déjà vu: naive façade - Ångström!", "Voilà, déjà vu."]),
    ("Straße und İstanbul und ΟΔΟΣ", ["STRASSE UND istanbul und οδος", "Straße und Istanbul"]),
    ("今日は良い天気です。", ["今日はとても良い天気です。", "良い天気ですね"]),
    ("我们 去 北京,2008年。", ["我们去北京，2008年。", "我们 2008 年 去 北京 ."]),
    ("I ❤️ crabs 🦀🦀 and 👩‍🚀!", ["I love crabs 🦀 and 👩‍🚀!", "I ❤️ crabs 🦀"]),
    ("", ["An empty hypothesis.", ""]),
    ("An empty reference.", ["", ""]),
    ("   \t ", ["only white space", "   "]),
    ("yes", ["yes", "no"]),
    ("no", ["yes", "maybe not"]),
    ("two words", ["two words", "words two"]),
    ("the the the the the the the", ["the cat is on the mat", "there is a cat on the mat"]),
    ("a\u00a0no-break space,\u2003an em\u3000space\u001cand a separator", ["a no-break space, an em space and a separator", "a\u00a0no-break space"]),
    ("line-\nbreak and\nline <skipped>end  ", ["line-break and line end", "linebreak and line end"]),
    (".5 5. 5.5 a.b .a a. ,, .. ., 1,a a,1 1. 2", ["0.5 5 . 5.5 a . b .a a.", ".5 5. 5.5 a.b"]),
    ("x{y}z [1] ^_` ~|\\ @user #tag a/b a*b a+b=c <3", ["x { y } z [ 1 ] ^ _ ` ~ | \\ @ user", "@user #tag a/b"]),
    ("(hi) \"there\" !x! ? -- 'tis", ["(hi) there! x ? -- 'tis", "( hi ) \" there \""]),
    ("Ends with a tokenized period .", ["Ends with a tokenized period.", "ends with a Tokenized period ."]),
    ("٣٫١٤ and ½ and Ⅷ, ²5.", ["٣,١٤ and ½ and Ⅷ, ²5.", "3.14 and 1/2"]),
]  # fmt: skip
WORDS = "the a dog, cat. runs 3.5 over in-and-out Über 山 (so) big! and 10,000 'x' it".split()


def noisy(generator, sentence):
    """Randomly removes, duplicates, replaces or swaps words."""
    words = []
    for word in sentence:
        what = generator.random()
        if what < 0.15:
            continue
        words.append(generator.choice(WORDS) if what < 0.3 else word)
        if what > 0.95:
            words.append(word)
    return words


def corpora():
    """Names, and pairs of hypotheses and lists of references."""
    generator = random.Random(SEED)
    drawn = []
    for _ in range(40):
        sentence = [generator.choice(WORDS) for _ in range(generator.randrange(1, 18))]
        references = [" ".join(noisy(generator, sentence)) for _ in range(2)]
        drawn.append((" ".join(noisy(generator, sentence)), references))
    single = [(hypothesis, references[:1]) for hypothesis, references in drawn]
    several = [(h, r[: 1 + at % 2]) for at, (h, r) in enumerate(SENTENCES)]
    yield "drawn", drawn
    yield "drawn, one reference", single
    yield "rules", SENTENCES
    yield "rules, one or two references", several
    yield "one-word sentences", [("yes", ["yes"]), ("no", ["yes"]), ("maybe", ["maybe"])]
    yield "two-word sentences", [("a b", ["a b"]), ("b c", ["b d"])]
    yield "no trigram matches", [("a b x c d y e f", ["a b c d e f g h"]), ("a", ["A"])]
    yield "no bigram matches", [("d c b a e", ["a b c d e"]), ("f", ["f g"])]
    yield "nothing matches", [("a b c d e", ["v w x y z"]), ("f", ["g"])]
    yield "nothing found", [("", ["v w x y z"]), (" ", ["g"])]
    yield "longer than the references", [("a b c d e f g", ["a b c d e"])]


def streams(pairs):
    """Hypotheses, and references in sacreBLEU's order, with None for missing ones."""
    most = max(len(references) for _, references in pairs)
    padded = [references + [None] * (most - len(references)) for _, references in pairs]
    return [hypothesis for hypothesis, _ in pairs], [list(stream) for stream in zip(*padded)]


BLEU = [
    {"tokenize": tokenize, "smooth_method": method, "smooth_value": value, "lowercase": lowercase}
    for tokenize, (method, value), lowercase in itertools.product(
        ("13a", "char", "none"),
        (("exp", None), ("floor", 0.1), ("floor", 0.25), ("add-k", 1.0), ("add-k", 0.5), ("none", None)),
        (False, True),
    )
]
CHRF = [
    {"word_order": word_order, "whitespace": whitespace, "lowercase": lowercase, **more}
    for word_order, whitespace, lowercase, more in itertools.product(
        (0, 1, 2), (False, True), (False, True), ({}, {"char_order": 3, "beta": 1})
    )
]


def without_version(signature):
    return str(signature).rsplit("|", 1)[0]


def bleu(settings, pairs):
    hypotheses, references = streams(pairs)
    metric = sacrebleu.metrics.BLEU(force=True, **settings)
    found = metric.corpus_score(hypotheses, references)
    plain = sacrebleu.metrics.BLEU(force=True, **{**settings, "smooth_method": "none"})
    counts = plain.corpus_score(hypotheses, references)
    return {
        "settings": settings,
        "score": found.score,
        "precisions": found.precisions,
        "matches": counts.counts,
        "totals": counts.totals,
        "bp": found.bp,
        "lengths": [found.sys_len, found.ref_len],
        "signature": without_version(metric.get_signature()),
    }


def chrf(settings, pairs):
    hypotheses, references = streams(pairs)
    metric = sacrebleu.metrics.CHRF(**settings)
    found = metric.corpus_score(hypotheses, references)
    signature = without_version(metric.get_signature())
    return {"settings": settings, "score": found.score, "name": found.name, "signature": signature}


def translations():
    cases = []
    for name, pairs in corpora():
        few = len(pairs) < 10
        cases.append({
            "name": name,
            "hypotheses": [hypothesis for hypothesis, _ in pairs],
            "references": [references for _, references in pairs],
            "bleu": [bleu(settings, pairs) for settings in (BLEU[:12:2] if few else BLEU)],
            "chrf": [chrf(settings, pairs) for settings in (CHRF[::8] if few else CHRF)],
        })  # fmt: skip
    # Per sentence, to localize differences.
    tokens = []
    for text in [text for hypothesis, references in SENTENCES for text in (hypothesis, *references)]:
        row = {"text": text}
        for name in ("13a", "char", "none"):
            metric = sacrebleu.metrics.BLEU(tokenize=name)
            row[name] = metric._preprocess_segment(text).split()
        row["chrf"] = chrf(CHRF[-4], [(text, [SENTENCES[0][0] + " " + text[::2]])])["score"]
        tokens.append(row)
    return {"corpora": cases, "tokens": tokens}


# --------------------------------------------------------------------------------------- entities

KINDS = ("person", "creative-work", "location")


def drawn_tags(generator, length, wild):
    """IOB2 tags; `wild` ones may begin with I, change the type within an entity, or have none."""
    tags = ["O"] + [f"{prefix}-{kind}" for prefix in "BI" for kind in KINDS]
    tags += ["B", "I"] if wild else []
    found = []
    for _ in range(length):
        tag = generator.choice(tags + ["O"] * 3)
        continues = found and found[-1] != "O" and found[-1][2:] == tag[2:]
        if tag[0] == "I" and not wild and not continues:
            tag = "B" + tag[1:]
        if found and found[-1] != "O" and generator.random() < 0.4:
            tag = "I" + found[-1][1:]
        found.append(tag)
    return found


def entity_score(expected, found, **options):
    score = seqeval.metrics.classification_report(expected, found, output_dict=True, **options)
    names = {name: score[name] for name in score if not name.endswith(" avg")} | {"": score["micro avg"]}
    keys = ("precision", "recall", "f1-score", "support")
    return {name: [float(values[key]) for key in keys] for name, values in names.items()}


def surface(words, expected, found):
    """Distinct (words, type): correct in place, found and expected; from the tags themselves."""
    sets = [set(), set(), set()]
    for sentence, right, guess in zip(words, expected, found):
        spans = [set(seqeval.metrics.sequence_labeling.get_entities(tags)) for tags in (guess, right)]
        for target, members in zip(sets, (spans[0] & spans[1], *spans)):
            target |= {(tuple(sentence[start : end + 1]), kind) for kind, start, end in members}
    return [len(members) for members in sets]


def entities():
    generator = random.Random(SEED)
    cases = []
    for name, wild, change in (
        ("well-formed", False, 0.2),
        ("ill-formed", True, 0.2),
        ("ill-formed, unrelated", True, 1.0),
        ("all correct", False, 0.0),
    ):
        words, expected, found = [], [], []
        for _ in range(30):
            length = generator.randrange(1, 14)
            words.append([generator.choice("abcde") for _ in range(length)])
            expected.append(drawn_tags(generator, length, wild))
            other = drawn_tags(generator, length, wild)
            found.append([b if generator.random() < change else a for a, b in zip(expected[-1], other)])
        cases.append((name, words, expected, found))
    cases.append(("nothing found", [["a", "b"]], [["B-person", "O"]], [["O", "O"]]))
    cases.append(("nothing expected", [["a", "b"]], [["O", "O"]], [["B-person", "I-person"]]))
    return [
        {
            "name": name,
            "words": words,
            "expected": expected,
            "found": found,
            "lenient": entity_score(expected, found),
            "strict": entity_score(expected, found, mode="strict", scheme=seqeval.scheme.IOB2),
            "surface": surface(words, expected, found),
            "token_accuracy": float(seqeval.metrics.accuracy_score(expected, found)),
            "accuracy": float(
                sklearn.metrics.accuracy_score([" ".join(t) for t in expected], [" ".join(t) for t in found])
            ),
        }
        for name, words, expected, found in cases
    ]


# ------------------------------------------------------------------------------------------ files


def compute():
    return {"translations": translations(), "entities": entities(), "statistics": statistics(SEED)}


def close(a, b):
    """Equal except for the last digits of numbers."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(close(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(close, a, b))
    if isinstance(a, float) and isinstance(b, float):
        return abs(a - b) <= 1e-8 * max(1, abs(a))
    return a == b


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compute again and compare")
    check = parser.parse_args().check
    warnings.filterwarnings("ignore")
    FOLDER.mkdir(exist_ok=True)
    problems = 0
    for name, value in compute().items():
        path = FOLDER / f"{name}.json"
        value = {"versions": VERSIONS, "cases": value}
        if check:
            stored = json.loads(path.read_text(encoding="utf-8"))
            if not close(stored, json.loads(json.dumps(value))):
                problems += 1
                print(f"{path.name}: differs", file=sys.stderr)
        else:
            text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
            path.write_text(text + "\n", encoding="utf-8")
            print(f"{path.name}: {path.stat().st_size} bytes")
    sys.exit(problems > 0)


if __name__ == "__main__":
    main()
