#!/usr/bin/env python3
"""Writes sentence/: tiny models, and sentence-transformers' embeddings with many sets of files.

    sentence.py                 the models and every case
    sentence.py --check         recomputes everything and compares
    sentence.py --list          the names of the cases

It needs the packages of requirements-sentence.txt:

    python="$(scripts/reference-env)"
    "$python" -m pip install --no-deps --target DIR -r tests/golden/requirements-sentence.txt
    PYTHONPATH=DIR "$python" tests/golden/sentence.py

A case is a model's folder with some small files next to the weights: those files are in cases.json,
and the tests write them. README.md describes the fields.
"""

import argparse
import json
import os
import pathlib
import shutil
import sys
import tempfile

os.environ["GOLDEN_ENVIRONMENT"] = "sentence"

from reference import HERE, VERSIONS  # before torch: it sets the threads

import numpy
import safetensors.torch
import tokenizers
import torch
import transformers
from sentence_transformers import SentenceTransformer
from tokenizers import models, normalizers, pre_tokenizers, processors

FOLDER = HERE / "sentence"
WIDTH = 8
TEXTS = ["The cat sits.", "a dog runs, the cat sits on the mat", "Runs"]
PROMPTS = {"query": "query: ", "long": "find the cat: ", "none": ""}

# ----------------------------------------------------------------------------------------- models

WORDS = "the The cat Cat sits dog runs Runs query find a on mat".split()
MARKS = list(".,:")
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]


def tokenizer(ends, side):
    """Cased words and punctuation; [CLS] and [SEP] around a text if `ends`."""
    vocabulary = {token: index for index, token in enumerate([*SPECIAL, *WORDS, *MARKS])}
    inner = tokenizers.Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    inner.normalizer = normalizers.NFC()
    inner.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    if ends:
        inner.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1",
            special_tokens=[(token, vocabulary[token]) for token in ("[CLS]", "[SEP]")],
        )
    inner.add_special_tokens(SPECIAL)
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=inner, unk_token="[UNK]", pad_token="[PAD]", cls_token="[CLS]",
        sep_token="[SEP]", padding_side=side, model_max_length=512,
    )


def model(name):
    size = len(SPECIAL) + len(WORDS) + len(MARKS)
    common = dict(
        vocab_size=size, hidden_size=WIDTH, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=12, max_position_embeddings=24,
    )
    if name == "bert":
        config = transformers.BertConfig(
            **common, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, pad_token_id=0
        )
        return transformers.BertModel(config), tokenizer(True, "right")
    if name in ("bart", "mbart"):
        # The decoder's input is the text shifted by one; mBART's starts with the text's last token.
        kind = {"bart": "Bart", "mbart": "MBart"}[name]
        config = getattr(transformers, f"{kind}Config")(
            vocab_size=size, d_model=WIDTH, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
            decoder_attention_heads=2, encoder_ffn_dim=12, decoder_ffn_dim=12, max_position_embeddings=24,
            dropout=0.0, pad_token_id=0, bos_token_id=2, eos_token_id=3, decoder_start_token_id=3,
        )
        return getattr(transformers, f"{kind}Model")(config), tokenizer(True, "right")
    config = transformers.Qwen3Config(
        **common, num_key_value_heads=1, head_dim=4, pad_token_id=0, tie_word_embeddings=True,
        bos_token_id=None, eos_token_id=None,
    )
    return transformers.Qwen3Model(config), tokenizer(False, "left")


def write_model(name, folder):
    folder.mkdir(parents=True)
    torch.manual_seed(len(name))
    made, reader = model(name)
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter += 0.3 * torch.randn(parameter.shape, generator=generator)
    made.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    reader.save_pretrained(folder)
    for path in folder.glob("*token*.json"):
        value = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps(value, separators=(",", ":")) + "\n", encoding="utf-8")


# ------------------------------------------------------------------------------------------ cases

OLD = "sentence_transformers.models."
NEW = {
    "Transformer": "sentence_transformers.base.modules.transformer.Transformer",
    "Pooling": "sentence_transformers.sentence_transformer.modules.pooling.Pooling",
    "Normalize": "sentence_transformers.base.modules.normalize.Normalize",
}


def drawn(*shape):
    """A different tensor for every shape; few digits, so that files are exact."""
    generator = torch.Generator().manual_seed(sum(shape) + 7 * len(shape))
    return (torch.randn(shape, generator=generator) * 64).round() / 64


def pool(**fields):
    return {"word_embedding_dimension": WIDTH, **fields}


def flags(*names):
    return pool(**{f"pooling_mode_{name}": True for name in names}) if names else pool(
        pooling_mode_cls_token=False, pooling_mode_mean_tokens=False)


class Case:
    """Model files and texts. `steps` are the modules after it: (class, config, tensors)."""

    def __init__(self, name, steps, model="bert", place="", length=None, prompts=None, default=None,
                 transformer=None, sentence=None, edits=None, tensors=None, paths=None, types=None,
                 texts=TEXTS, calls=({},), same=False):
        self.name, self.model, self.place, self.texts = name, model, place, texts
        self.calls, self.same, self.edits = calls, same, edits or {}
        types = types or {}
        names = [("Transformer", None, None), *steps]
        paths = paths or [place] + [f"{i}_{kind}" for i, (kind, *_) in enumerate(names) if i]
        self.files = {"modules.json": [
            {"name": str(i), "path": path, "type": types.get(kind, OLD + kind)}
            for i, ((kind, *_), path) in enumerate(zip(names, paths))
        ]}
        self.tensors = {}
        for (kind, config, held), path in zip(names[1:], paths[1:]):
            if config is not None:
                self.files[f"{path}/config.json"] = config
            if held:
                self.tensors[f"{path}/model.safetensors"] = held
        inside = f"{place}/" if place else ""
        if length is not None or transformer is not None:
            fields = {"max_seq_length": length, "do_lower_case": False, **(transformer or {})}
            self.files[f"{inside}sentence_bert_config.json"] = fields
        if prompts is not None or sentence is not None:
            self.files["config_sentence_transformers.json"] = {
                "__version__": {"sentence_transformers": "5.0.0"}, "prompts": prompts or {},
                "default_prompt_name": default, "similarity_fn_name": "cosine", **(sentence or {}),
            }


def pooling(config):
    return ("Pooling", config, None)


def dense(name, d_in, d_out, activation, bias=True, **more):
    config = {"in_features": d_in, "out_features": d_out, "bias": bias, **more}
    if activation is not None:
        config["activation_function"] = f"torch.nn.modules.{activation}"
    tensors = {"linear.weight": drawn(d_out, d_in)}
    if bias:
        tensors["linear.bias"] = drawn(d_out)
    if more.get("use_residual") and d_in != d_out:
        tensors["residual.weight"] = drawn(d_out, d_in) * 0.5
    return (name, config, tensors)


MEAN = pooling(flags("mean_tokens"))
UNIT = ("Normalize", None, None)
NAMED = [{}, {"prompt_name": "query"}, {"prompt_name": "long"}, {"prompt": "a dog: "}, {"prompt": ""}]


def cases():
    yield Case("mean", [MEAN], same=True)
    for name in ("bart", "mbart"):
        for way in ("mean_tokens", "lasttoken"):
            yield Case(f"{name}-{way}", [pooling(flags(way))], model=name)
    # Paths and names.
    yield Case("folder", [pooling(flags("cls_token"))], place="0_Transformer", length=5)
    yield Case("names", [pooling(pool(pooling_mode="max")), UNIT], paths=["", "pooled/by", "unit"], types=NEW)
    # Pooling modes.
    for name in ("cls_token", "max_tokens", "mean_sqrt_len_tokens", "weightedmean_tokens", "lasttoken"):
        yield Case(f"pool-{name}", [pooling(flags(name))])
    for name in ("cls", "max", "mean_sqrt_len_tokens", "weightedmean", "lasttoken"):
        yield Case(f"mode-{name}", [pooling({"embedding_dimension": WIDTH, "pooling_mode": name})])
    yield Case("pool-none", [pooling(flags())], same=True)
    yield Case("pool-two", [pooling(flags("mean_tokens", "max_tokens", "cls_token"))])
    yield Case("mode-two", [pooling(pool(pooling_mode=["lasttoken", "cls"]))])
    yield Case("mode-wins", [pooling(pool(pooling_mode="cls", pooling_mode_mean_tokens=True))])
    yield Case("pool-again", [MEAN, pooling(flags("cls_token"))])
    # Lengths, lowercasing and prompts.
    yield Case("length", [MEAN], length=5)
    yield Case("length-of-tokenizer", [MEAN], length=9, transformer={"tokenizer_args": {"model_max_length": 4}})
    yield Case("lower-case", [MEAN], transformer={"do_lower_case": True},
               texts=["The Cat [SEP] RUNS", "[CLS] The mat"])
    yield Case("prompt-default", [MEAN], prompts=PROMPTS, default="query", calls=NAMED)
    yield Case("prompt-by-name", [MEAN], prompts=PROMPTS, calls=NAMED[1:])
    yield Case("prompt-lower-case", [MEAN], prompts={"p": "The: "}, default="p", transformer={"do_lower_case": True})
    yield Case("prompt-and-length", [MEAN], prompts=PROMPTS, default="long", length=6)
    for name in ("mean_tokens", "cls_token", "max_tokens", "mean_sqrt_len_tokens", "weightedmean_tokens", "lasttoken"):
        outside = pooling({**flags(name), "include_prompt": False})
        yield Case(f"prompt-outside-{name}", [outside], prompts=PROMPTS, default="long", calls=NAMED[:2])
        yield Case(f"prompt-outside-left-{name}", [outside], model="qwen3", prompts=PROMPTS, default="long",
                   calls=NAMED[:2])
    # The prompt fills the maximum length, and nothing is left to pool.
    yield Case("prompt-outside-full", [pooling({**flags("mean_tokens", "lasttoken"), "include_prompt": False})],
               model="qwen3", prompts=PROMPTS, default="long", length=4)
    # Layers after and before pooling.
    yield Case("dense-identity", [MEAN, dense("Dense", WIDTH, 5, "linear.Identity", bias=False)])
    yield Case("dense-default", [MEAN, dense("Dense", WIDTH, 6, None)])
    for activation in ("activation.Tanh", "activation.ReLU", "activation.GELU", "activation.SiLU", "activation.Sigmoid"):
        yield Case(f"dense-{activation}", [MEAN, dense("Dense", WIDTH, 4, activation)])
    yield Case("dense-residual", [MEAN, dense("Dense", WIDTH, WIDTH, "activation.Tanh", use_residual=True)])
    yield Case("dense-residual-other", [MEAN, dense("Dense", WIDTH, 3, "linear.Identity", use_residual=True), UNIT])
    yield Case("dense-tokens", [dense("Dense", WIDTH, 6, "activation.ReLU", module_input_name="token_embeddings"),
                                pooling({"word_embedding_dimension": 6, "pooling_mode": ["max", "mean"]})])
    yield Case("layer-norm", [MEAN, ("LayerNorm", {"dimension": WIDTH},
                                     {"norm.weight": drawn(WIDTH), "norm.bias": drawn(WIDTH)}), UNIT])
    yield Case("normalize-tokens", [("Normalize", {"module_input_name": "token_embeddings"}, None), MEAN])
    yield Case("dropout", [MEAN, ("Dropout", {"dropout": 0.2}, None)], same=True)
    yield Case("truncated", [MEAN, UNIT], sentence={"truncate_dim": 5})
    # Several layers of the model.
    for name in ("bert", "qwen3"):
        weights = ("WeightedLayerPooling", {"word_embedding_dimension": WIDTH, "layer_start": 0, "num_hidden_layers": 2},
                   {"layer_weights": torch.tensor([0.5, 2.0, 1.25])})
        later = ("WeightedLayerPooling", {"embedding_dimension": WIDTH, "layer_start": 1, "num_hidden_layers": 2},
                 {"layer_weights": torch.tensor([0.25, 1.0])})
        states = {"config.json": {"output_hidden_states": True}}
        yield Case(f"layers-{name}", [weights, MEAN], model=name, edits=states)
        yield Case(f"layers-later-{name}", [later, MEAN], model=name, edits=states)
    yield Case("layers-by-arguments", [weights, MEAN], transformer={"config_args": {"output_hidden_states": True}})
    # The model returns one layer, and there is nothing to weight.
    yield Case("layers-absent", [weights, MEAN], same=True)


def write_case(case, models, folder):
    place = folder / case.place
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(models / case.model, place)
    for name, value in case.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps(value), encoding="utf-8")
    for name, fields in case.edits.items():
        value = json.loads((folder / name).read_text(encoding="utf-8"))
        (folder / name).write_text(json.dumps({**value, **fields}), encoding="utf-8")
    for name, tensors in case.tensors.items():
        safetensors.torch.save_file(tensors, folder / name)


def vectors(model, case, call):
    found = model.encode(case.texts, **call)
    # A text does not depend on the others, on whichever side it is padded.
    alone = [model.encode([text], **call)[0] for text in case.texts]
    assert numpy.abs(found - numpy.stack(alone)).max() < 1e-5, case.name
    return found


def record(case, models):
    """The case with its embeddings, as in cases.json, and those of its first call."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch) / "model"
        write_case(case, models, folder)
        model = SentenceTransformer(str(folder), device="cpu", model_kwargs={"attn_implementation": "eager"})
        answers = [vectors(model, case, call) for call in case.calls]
    entry = {"name": case.name, "model": case.model, "files": case.files}
    if case.place:
        entry["place"] = case.place
    if case.edits:
        entry["edits"] = case.edits
    if case.tensors:
        entry["tensors"] = {path: {key: {"shape": list(tensor.shape), "values": tensor.flatten().tolist()}
                                   for key, tensor in held.items()} for path, held in case.tensors.items()}
    entry["texts"] = case.texts
    digits = lambda found: [[float(f"{x:.7g}") for x in row] for row in found.tolist()]
    entry["calls"] = [{**call, "vectors": digits(found)} for call, found in zip(case.calls, answers)]
    return entry, answers[0]


def write_all(folder):
    for name in ("bart", "bert", "mbart", "qwen3"):
        write_model(name, folder / name)
    lines, plain = [], {}
    for case in cases():
        print(case.name, file=sys.stderr)
        entry, found = record(case, folder)
        if case.name == "mean":
            plain = found
        moves = case.texts is not TEXTS or found.shape != plain.shape or numpy.abs(found - plain).max() > 1e-3
        assert case.same or moves, f"{case.name}: these files change nothing"
        lines.append(json.dumps(entry, ensure_ascii=False, separators=(",", ":")))
    head = json.dumps({"versions": {name: VERSIONS[name] for name in
                                    ("sentence-transformers", "transformers", "torch", "tokenizers")}})
    text = f'{head[:-1]}, "cases": [\n' + ",\n".join(lines) + "\n]}\n"
    (folder / "cases.json").write_text(text, encoding="utf-8")


def main():
    from files import compare, replace

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare bytes and write nothing")
    parser.add_argument("--list", action="store_true", help="list the cases")
    args = parser.parse_args()
    if args.list:
        print("\n".join(case.name for case in cases()))
        return 0
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    transformers.utils.logging.set_verbosity(transformers.utils.logging.CRITICAL)
    transformers.utils.logging.disable_progress_bar()
    with tempfile.TemporaryDirectory() as scratch:
        fresh = pathlib.Path(scratch) / "sentence"
        write_all(fresh)
        if not args.check:
            replace(FOLDER, fresh)
            return 0
        problems = compare(FOLDER, fresh, "sentence")
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
