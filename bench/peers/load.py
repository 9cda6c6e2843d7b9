"""Loads a model with transformers and runs it once, for `load`, in a new process per measurement.

    python bench/peers/load.py MODEL_DIRECTORY --threads 2

First line: {"ready": "transformers 5.23.0, torch 2.9.0, 2 threads"}
Request:    {"tokens": [1, 2, 3]}
Response:   {"seconds": 0.9, "token": 17}, the time from the start of loading to the end of the
            first forward pass, and the likeliest token at the last position. Importing modules is
            not measured.
"""

import importlib
import time

import lines
import torch
import transformers


def auto_class(config):
    if config.architectures[0].endswith("MaskedLM"):
        return transformers.AutoModelForMaskedLM
    return transformers.AutoModelForCausalLM


def load(folder, loader, tokens):
    ids = torch.tensor([tokens])
    began = time.perf_counter()
    with torch.inference_mode():
        model = loader.from_pretrained(folder, dtype=torch.float32).eval()
        logits = model(input_ids=ids).logits
    seconds = time.perf_counter() - began
    return {"seconds": seconds, "token": logits[0, -1].argmax().item()}


def main():
    args = lines.arguments("model")
    config = transformers.AutoConfig.from_pretrained(args.model)
    kind = config.model_type
    importlib.import_module(f"transformers.models.{kind}.modeling_{kind}")
    loader = auto_class(config)
    lines.serve(lambda question: load(args.model, loader, question["tokens"]))


if __name__ == "__main__":
    main()
