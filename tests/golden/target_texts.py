#!/usr/bin/env python3
"""Writes target_texts.json: transformers' tokens and losses of source texts with target texts.

    PYTHONPATH=where-requirements-sentencepiece.txt-is "$python" tests/golden/target_texts.py

Target texts are encoded with `text_target`: with the target language's special tokens, and with
Marian's tokenizer of target texts.
"""

import os
import pathlib
import shutil
import tempfile

os.environ["GOLDEN_ENVIRONMENT"] = "sentencepiece"

from reference import HERE, VERSIONS  # before torch: it sets the threads

import torch
import transformers

from files import write_pretty

PATH = HERE / "target_texts.json"
# The model's folder, and its source and target language.
CASES = (
    ("mbart", "en_XX", "de_DE"),
    ("mbart", "fr_XX", "en_XX"),
    ("m2m100", "en", "de"),
    ("marian", None, None),
)
PAIRS = (
    ("The sea is here", "Das Meer ist da"),
    ("a good day", "ein guter Tag, und noch viel mehr"),
    ("We go home.", "the cat sat on the mat"),
)


def case(name, source, target):
    folder = HERE / "pipelines/translation" / name
    languages = dict(src_lang=source, tgt_lang=target) if source else {}
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, **languages)
    model = transformers.AutoModelForSeq2SeqLM.from_pretrained(folder, attn_implementation="eager")
    pairs = []
    for text, translation in PAIRS:
        inputs = tokenizer([text], text_target=[translation], return_tensors="pt")
        with torch.no_grad():
            loss = model.eval()(**inputs).loss.item()
        pairs.append(dict(
            text=text, target=translation, ids=inputs["input_ids"][0].tolist(),
            labels=inputs["labels"][0].tolist(), loss=float(f"{loss:.8g}"),
        ))
    return dict(model=name, source_language=source, target_language=target, pairs=pairs)


def two_vocabularies():
    """The tokens of a text by Marian's tokenizers of source and of target texts, which differ."""
    models = HERE.parent.parent / "datasets/tests/golden/models"
    with tempfile.TemporaryDirectory() as folder:
        files = {"source.spm": "source.spm", "target.spm": "target.spm", "vocab.json": "marian.json"}
        for name, file in files.items():
            shutil.copy(models / file, pathlib.Path(folder) / name)
        tokenizer = transformers.MarianTokenizer.from_pretrained(folder)
        text = PAIRS[1][1]
        found = dict(
            text=text, source=tokenizer(text)["input_ids"], target=tokenizer(text_target=text)["input_ids"]
        )
    assert found["source"] != found["target"]
    return found


if __name__ == "__main__":
    cases = [case(*names) for names in CASES]
    write_pretty(PATH, dict(versions=VERSIONS, cases=cases, two_vocabularies=two_vocabularies()))
    print(f"{PATH.stat().st_size} bytes")
