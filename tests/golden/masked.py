#!/usr/bin/env python3
"""Writes masked.json: the pseudo-log-likelihood of a text, each token masked alone, by transformers.

    masked.py

The models are those of pipelines/fill-mask. A text is cut into windows of WINDOW tokens without overlap,
each with its special tokens; Salazar et al. 2020, https://aclanthology.org/2020.acl-main.240
"""

import json

from reference import HERE, VERSIONS  # before torch: it sets the threads

import torch
import transformers

TEXT = "The sea is wide, and the night is dark.\nWe walk to the old house by the river; nobody is there.\n" * 2
WINDOW = 24


def score(name):
    folder = HERE / "pipelines" / "fill-mask" / name
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModelForMaskedLM.from_pretrained(folder, dtype=torch.float32).eval()
    tokens = tokenizer.encode(TEXT, add_special_tokens=False)
    first_token, last_token = tokenizer.encode("")
    total = 0.0
    for start in range(0, len(tokens), WINDOW - 2):
        part = tokens[start : start + WINDOW - 2]
        ids = torch.tensor([[first_token, *part, last_token]])
        for at in range(1, 1 + len(part)):
            masked = ids.clone()
            masked[0, at] = tokenizer.mask_token_id
            with torch.no_grad():
                logits = model(input_ids=masked).logits[0, at]
            total -= torch.log_softmax(logits.double(), 0)[ids[0, at]].item()
    return {"model": f"fill-mask/{name}", "tokens": len(tokens), "loss": total / len(tokens)}


cases = [score(name) for name in ("bert", "roberta")]
content = {"versions": VERSIONS, "text": TEXT, "window": WINDOW, "cases": cases}
(HERE / "masked.json").write_text(json.dumps(content, indent=1) + "\n")
