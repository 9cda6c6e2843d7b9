#!/usr/bin/env python3
"""Writes lm_eval/answers.json: lm-eval's results for three tasks with transformers as the model.

    lm_eval.py --packages DIR     DIR: `pip install --no-deps --target DIR accelerate==1.15.0 psutil \\
                                  -r requirements-lm-eval.txt`
    lm_eval.py --packages DIR --check

The tasks are those of lm_eval/: choices by their log-likelihood, the log-likelihood of whole texts in
windows, and greedy generation with a stop string. The models are those of
pipelines/text-generation.
A test runs the same tasks through `zoo serve`.
"""

import argparse
import os
import pathlib
import sys
import tempfile

from reference import HERE, VERSIONS, pins_in  # before torch: it sets the threads

import torch

from files import pretty

TASKS = ("choices", "whole", "until")
# As in the test: windows of 62 tokens, because an API model reserves one for a new token.
WINDOW = 62
MODELS = {"llama-chat": True, "qwen2-chat": False}


def evaluate(name, add_bos_token):
    from lm_eval.evaluator import simple_evaluate
    from lm_eval.models.huggingface import HFLM
    from lm_eval.tasks import TaskManager

    model = HFLM(
        pretrained=str(HERE / "pipelines" / "text-generation" / name),
        device="cpu", dtype="float32", batch_size=1, max_length=WINDOW, add_bos_token=add_bos_token,
    )
    manager = TaskManager(include_path=str(HERE / "lm_eval"), include_defaults=False)
    found = simple_evaluate(
        model, tasks=list(TASKS), task_manager=manager, log_samples=True, bootstrap_iters=0,
    )
    return {task: [responses(sample) for sample in found["samples"][task]] for task in TASKS}


def responses(sample):
    """The results: `[log-likelihood, is_greedy]` for each choice, or one number or text."""
    plain = lambda value: list(value) if isinstance(value, tuple) else value
    found = [plain(answer) for [answer] in sample["resps"]]
    return found if len(found) > 1 else found[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--packages", type=pathlib.Path, required=True)
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    # After the reference's own packages, and so that this file does not shadow the package.
    sys.path[:] = [path for path in sys.path if pathlib.Path(path or ".").resolve() != HERE]
    sys.path.append(str(args.packages.resolve()))
    os.chdir(HERE / "lm_eval")
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as cache:
        os.environ.update(HF_HOME=cache, HF_DATASETS_OFFLINE="1")
        models = {name: evaluate(name, bos) for name, bos in MODELS.items()}
    pins = VERSIONS | {"lm_eval": pins_in("requirements-lm-eval.txt")["lm_eval"]}
    text = pretty({"versions": pins, "window": WINDOW, "models": models}) + "\n"
    path = HERE / "lm_eval" / "answers.json"
    if args.check:
        sys.exit(path.read_text(encoding="utf-8") != text and f"{path} differs")
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
