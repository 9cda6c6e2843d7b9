#!/usr/bin/env python3
"""Writes the fixtures of pipelines: tiny random models, and the answers of transformers' pipelines.

    pipelines.py --packages DIR     every fixture
    pipelines.py fill-mask image-classification/vit
    pipelines.py --check            regenerates into a temporary folder and compares the bytes
    pipelines.py --list             the names of the fixtures

Question answering, summaries and translations are from transformers 4, and images need Pillow and
torchvision: DIR/v4 and DIR/vision have the packages of requirements-v4.txt and
requirements-vision.txt.

README.md describes the files; pipeline_cases/ has the tables.
"""

import argparse
import copy
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from reference import ENVIRONMENT, HERE, VERSIONS  # before torch: it sets the threads

import numpy
import torch
import transformers

from files import compare, replace, selected
from pipeline_cases import FIXTURES
from pipeline_cases.common import new_model
from pipeline_cases.images import Picture, draw_images
from pipeline_cases.tokenization import fast_form
from pipeline_cases.texts import FAR_APART, ONE_WORD, TEN_THOUSAND, Repeated

FOLDER = HERE / "pipelines"
LONGEST = (TEN_THOUSAND, ONE_WORD, FAR_APART)


# ---------------------------------------------------------------------------------------- answers


def plain(value):
    """JSON numbers: an f32 with the digits that distinguish it from its neighbors."""
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    if isinstance(value, Picture):
        return value.path
    if isinstance(value, Repeated):
        return {"repeat": value.part, "times": value.times}
    if isinstance(value, str) and len(value) > 5000:
        return next((plain(long) for long in LONGEST if long == value), value)
    if isinstance(value, (numpy.floating, float)):
        single = numpy.float32(value)
        return float(str(single)) if float(single) == float(value) else float(value)
    if isinstance(value, torch.Tensor):
        return value.tolist()
    if isinstance(value, numpy.integer):
        return int(value)
    return value


def opened(inputs, folder):
    """The local paths of images."""
    if isinstance(inputs, list):
        return [opened(inner, folder) for inner in inputs]
    return str(folder / inputs.path) if isinstance(inputs, Picture) else inputs


def answer(pipe, inputs, parameters, folder):
    """The pipeline's return value, or the error that it raises."""
    torch.manual_seed(0)
    inputs, parameters = opened(inputs, folder), copy.deepcopy(parameters)
    try:
        named = isinstance(inputs, dict) and "question" in inputs
        found = pipe(**inputs, **parameters) if named else pipe(inputs, **parameters)
        return {"output": plain(found)}
    except BaseException as error:  # any error reaches the pipeline's user
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        return {"error": f"{type(error).__name__}: {error}".replace(f"{folder}/", "")}


def noisy(size):
    """A hook that adds noise to every logit of a model."""
    generator = torch.Generator().manual_seed(1)

    def hook(module, arguments, output):
        for key in ("logits", "start_logits", "end_logits", "last_hidden_state"):
            if output.get(key) is not None:
                values = output[key]
                noise = torch.randn(values.shape, generator=generator, dtype=values.dtype)
                output[key] = values + size * noise
        return output

    return hook


def alike(a, b, size):
    """Whether two answers differ only in the last digits of scores."""
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(
            alike(a[key], b[key], size) for key in a
        )
    if isinstance(a, list):
        return isinstance(b, list) and len(a) == len(b) and all(
            alike(x, y, size) for x, y in zip(a, b)
        )
    if isinstance(a, float) and isinstance(b, float):
        return abs(a - b) <= size
    return a == b


# ------------------------------------------------------------------------------------ one fixture


def build(fixture, folder):
    tokenizer = fixture.tokenizer() if fixture.tokenizer else None
    model = new_model(fixture, tokenizer)
    if fixture.prepare:
        fixture.prepare(folder, model, tokenizer)
    model.save_pretrained(folder)
    if not model.can_generate() or not hasattr(model, "generation_config"):
        (folder / "generation_config.json").unlink(missing_ok=True)
    if tokenizer is not None:
        # A template is in its own file, or in tokenizer_config.json, as before version 5.
        tokenizer.save_pretrained(folder, save_jinja_files="llama" not in fixture.id)
        if not (folder / "tokenizer.json").exists():
            suffix = "__en__ $A </s>" if "m2m100" in fixture.id else "$A </s>"
            fast_form(tokenizer, suffix).save(str(folder / "tokenizer.json"))
        for path in folder.glob("*token*.json"):
            compact(path, json.loads(path.read_text(encoding="utf-8")))


def is_chat(inputs):
    return isinstance(inputs, list) and bool(inputs) and isinstance(inputs[0], dict)


def prompt_of(pipe, inputs, parameters):
    """The rendered chat."""
    goes_on = parameters.get("continue_final_message")
    goes_on = inputs[-1]["role"] == "assistant" if goes_on is None else goes_on
    return pipe.tokenizer.apply_chat_template(
        inputs, tokenize=False, add_generation_prompt=not goes_on, continue_final_message=goes_on
    )


def compact(path, value):
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    path.write_text(text + "\n", encoding="utf-8")


def open_pipeline(fixture, folder, task=None, backend="pil"):
    parts = {}
    if ENVIRONMENT == "vision":
        parts["image_processor"] = transformers.AutoImageProcessor.from_pretrained(
            folder, backend=backend
        )
    return transformers.pipeline(
        task or fixture.pipeline, model=str(folder), device="cpu", dtype=torch.float32,
        model_kwargs={"attn_implementation": "eager"}, **parts,
    )


def versions():
    names = ["transformers", "tokenizers", "torch", "numpy"]
    names += ["pillow", "torchvision"] if ENVIRONMENT == "vision" else []
    return {name: VERSIONS[name] for name in names}


def write_fixture(fixture, root):
    folder = root / fixture.id
    folder.parent.mkdir(parents=True, exist_ok=True)
    if fixture.write is not None:
        fixture.write(folder)
        return
    if ENVIRONMENT == "vision" and not (folder.parent / "images").is_dir():
        draw_images(folder.parent / "images")
    folder.mkdir()
    build(fixture, folder)
    lines = [
        line for task in {parameters.get("task"): None for _, parameters in fixture.cases}
        for line in answers(fixture, folder, task)
    ]
    head = json.dumps({"pipeline": fixture.pipeline, "versions": versions()})
    dense = dict(ensure_ascii=False, separators=(",", ":"))
    rows = ",\n".join(json.dumps(line, **dense) for line in lines)
    text = f'{head[:-1]}, "cases": [\n{rows}\n]}}\n'
    (folder / "cases.json").write_text(text, encoding="utf-8")


def answers(fixture, folder, task):
    """The answers of a task's pipeline to its cases."""
    pipe, noisy_pipe = open_pipeline(fixture, folder, task), open_pipeline(fixture, folder, task)
    noisy_pipe.model.register_forward_hook(noisy(fixture.noise))
    other_pipe = None
    if ENVIRONMENT == "vision":
        other_pipe = open_pipeline(fixture, folder, backend="torchvision")
    for inputs, parameters in fixture.cases:
        if parameters.get("task") != task:
            continue
        parameters = {key: value for key, value in parameters.items() if key != "task"}
        found = answer(pipe, inputs, parameters, folder.parent)
        again = answer(noisy_pipe, inputs, parameters, folder.parent)
        what = f"{fixture.id}: {str(inputs)[:60]!r} {parameters}"
        steady = alike(found, again, 10 * fixture.noise)
        assert steady, f"{what}: rounding decides\n{found}\n{again}"
        if "error" in found:
            print(f"  {what}: {found['error'][:200]}", file=sys.stderr)
        if task is not None:
            found = {"pipeline": task, **found}
        if fixture.pipeline == "text-generation" and is_chat(inputs) and "output" in found:
            found = {"prompt": prompt_of(pipe, inputs, parameters), **found}
        if other_pipe is not None and "output" in found:
            other = answer(other_pipe, inputs, parameters, folder.parent)
            if not alike(other, found, 1e-6):
                found["torchvision"] = other["output"]
        yield {"inputs": plain(inputs), "parameters": plain(parameters), **found}


# -------------------------------------------------------------------------------------------- CLI


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("fixture", nargs="*", help="`pipeline` or `pipeline/name`; default: all")
    parser.add_argument("--check", action="store_true", help="compare bytes and write nothing")
    parser.add_argument("--packages", type=pathlib.Path, help="what other environments hold")
    parser.add_argument("--list", action="store_true", help="list the fixtures")
    args = parser.parse_args()
    jobs = selected(args.fixture, {fixture.id: fixture for fixture in FIXTURES})
    if args.list:
        print("\n".join(jobs))
        return 0
    if not ENVIRONMENT:
        elsewhere = run_elsewhere(args, jobs)
        jobs = {id: fixture for id, fixture in jobs.items() if not fixture.environment}
        return max(elsewhere, run(args, jobs))
    return run(args, jobs)


def run_elsewhere(args, jobs):
    """Runs this program once for every other requested environment."""
    codes = [0]
    for name in sorted({fixture.environment for fixture in jobs.values()} - {""}):
        ids = [id for id, fixture in jobs.items() if fixture.environment == name]
        if args.packages is None:
            print(f"--packages is missing, so without {', '.join(ids)}", file=sys.stderr)
            codes.append(1)
            continue
        folder = str(args.packages.resolve() / name)
        variables = {**os.environ, "GOLDEN_ENVIRONMENT": name, "PYTHONPATH": folder}
        command = [sys.executable, __file__, *ids] + ["--check"] * args.check
        codes.append(subprocess.run(command, env=variables, check=False).returncode)
    return max(codes)


def run(args, jobs):
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    transformers.utils.logging.set_verbosity(transformers.utils.logging.CRITICAL)
    transformers.utils.logging.disable_progress_bar()

    problems = []
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        for id, fixture in jobs.items():
            print(id, file=sys.stderr)
            write_fixture(fixture, scratch)
            if args.check:
                problems += compare(FOLDER / id, scratch / id, id)
            else:
                (FOLDER / id).parent.mkdir(parents=True, exist_ok=True)
                replace(FOLDER / id, scratch / id)
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
