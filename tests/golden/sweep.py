#!/usr/bin/env python3
"""Compares `zoo forward` with transformers for every class of every family in `zoo list`.

    sweep.py ZOO [FAMILY ...]     ZOO is the program, such as target/release/zoo

While the fixtures have chosen settings, this uses the reference's defaults for everything but the
sizes: a random model of each class, a padded batch, every output at unmasked positions within 1e-5 of
the largest. Prints one line per class; exits 1 if one differs or is rejected. Writes only temporary
folders.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import reference  # noqa: F401  (before torch: it sets the threads)

import safetensors.torch
import torch
import transformers

import own

TOLERANCE = 1e-5
LENGTH, SHORT, TEXT = 14, 9, 8

WIDTHS = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48)
TOKENS = dict(vocab_size=97)
IDS = dict(pad_token_id=0, bos_token_id=1, eos_token_id=2)
FAIRSEQ_IDS = dict(pad_token_id=1, bos_token_id=0, eos_token_id=2)
GPT = dict(n_embd=32, n_layer=2, n_head=4, **TOKENS)
ENCODER = {**WIDTHS, **TOKENS}
LLAMA = {**ENCODER, **IDS, "num_hidden_layers": 3, "num_key_value_heads": 2}
GEMMA = {**LLAMA, "head_dim": 8}
IMAGE = dict(WIDTHS, image_size=32, patch_size=8)
T5 = dict(d_model=32, d_kv=8, num_heads=4, d_ff=48, num_layers=2, **TOKENS, decoder_start_token_id=0)
BART = dict(
    d_model=32, encoder_layers=2, decoder_layers=2, encoder_attention_heads=4,
    decoder_attention_heads=4, encoder_ffn_dim=48, decoder_ffn_dim=48, **TOKENS,
    decoder_start_token_id=2,
)

SIZES = {
    "albert": dict(ENCODER, embedding_size=16), "bart": BART, "bert": ENCODER,
    "bloom": dict(hidden_size=32, n_layer=2, n_head=4, **TOKENS, **IDS),
    "camembert": dict(ENCODER, **FAIRSEQ_IDS), "data2vec-text": dict(ENCODER, **FAIRSEQ_IDS),
    "deberta-v2": ENCODER,
    "deit": IMAGE, "dinov2": IMAGE,
    "distilbert": dict(dim=32, n_layers=2, n_heads=4, hidden_dim=48, **TOKENS),
    "electra": dict(ENCODER, embedding_size=16), "ernie": dict(ENCODER, use_task_id=True),
    "gemma": GEMMA, "gemma2": GEMMA,
    "gemma3_text": GEMMA, "gpt2": dict(GPT, **IDS),
    "gpt_neo": dict(
        hidden_size=32, num_layers=2, num_heads=4, attention_types=[[["global", "local"], 1]],
        **TOKENS, **IDS,
    ),
    "gpt_neox": dict(ENCODER, **IDS), "gptj": dict(GPT, **IDS, rotary_dim=4), "llama": LLAMA,
    "m2m_100": BART, "marian": dict(BART, pad_token_id=96, decoder_start_token_id=96),
    "mbart": BART, "mistral": LLAMA, "mixtral": dict(LLAMA, num_local_experts=4),
    "modernbert": dict(ENCODER, **IDS, cls_token_id=1, sep_token_id=2),
    "mpnet": dict(ENCODER, **FAIRSEQ_IDS), "mt5": T5, "olmo2": LLAMA,
    "openai-gpt": dict(GPT, pad_token_id=0),
    "opt": dict(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=4, ffn_dim=48,
        word_embed_proj_dim=16, do_layer_norm_before=False, **TOKENS,
    ),
    "pegasus": BART, "phi": LLAMA, "phi3": LLAMA, "qwen2": LLAMA, "qwen3": GEMMA,
    "roberta": dict(ENCODER, **FAIRSEQ_IDS), "smollm3": LLAMA, "stablelm": LLAMA,
    "starcoder2": LLAMA, "t5": T5, "vit": IMAGE,
    "xlm-roberta": dict(ENCODER, **FAIRSEQ_IDS),
}


def flag(rows):
    return ";".join(",".join(map(str, row)) for row in rows.tolist())


def make_inputs(config, name, folder):
    """The inputs of a class, the same as flags, and the mask of the first text."""
    if hasattr(config, "image_size"):
        pixels = torch.randn(2, 3, config.image_size, config.image_size)
        path = folder / "pixels.safetensors"
        safetensors.torch.save_file({"pixel_values": pixels}, path)
        return dict(pixel_values=pixels), ["--pixels", str(path)], None
    ids = torch.randint(3, 90, (2, LENGTH))
    mask = torch.ones_like(ids)
    mask[1, SHORT:] = 0
    ids[1, SHORT:] = getattr(config, "pad_token_id", None) or 0
    inputs = dict(input_ids=ids, attention_mask=mask)
    if name.endswith("MultipleChoice"):  # the rows are the choices of one question
        inputs = {key: value[None] for key, value in inputs.items()}
        return inputs, ["--ids", flag(ids), "--mask", flag(mask), "--choices", "2"], None
    if config.is_encoder_decoder and name.endswith("SequenceClassification"):
        # The decoder has the same input, and its state at the last end token is classified.
        ids[0, -1] = ids[1, SHORT - 1] = config.eos_token_id
        return inputs, ["--ids", flag(ids), "--mask", flag(mask)], mask.bool()
    flags = ["--ids", flag(ids), "--mask", flag(mask)]
    if config.is_encoder_decoder:
        text = torch.randint(3, 90, (2, TEXT))
        text[:, 0] = config.decoder_start_token_id
        inputs["decoder_input_ids"] = text
        flags += ["--decoder-ids", flag(text)]
    return inputs, flags, mask.bool()


def compare(zoo, family, name):
    """The largest error of any output, relative to the largest value."""
    cls = getattr(transformers, name)
    config = cls.config_class(**SIZES[family])
    torch.manual_seed(0)
    model = cls(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter), alpha=0.1)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        model.save_pretrained(folder)
        model = cls.from_pretrained(folder, attn_implementation="eager").eval()
        inputs, flags, mask = make_inputs(config, name, folder)
        with torch.no_grad():
            expected = model(**inputs)
        out = folder / "out.safetensors"
        command = [zoo, "forward", folder, *flags, "--out", out, "--quiet"]
        answer = subprocess.run(command, capture_output=True, text=True)
        if answer.returncode:
            raise RuntimeError(answer.stderr.strip())
        found = safetensors.torch.load_file(out)
    errors = []
    for key, tensor in found.items():
        wanted = getattr(expected, key, None)
        if wanted is None:  # a head of the reference does not return its hidden states
            continue
        assert tensor.shape == wanted.shape, f"{key}: {list(tensor.shape)}, {list(wanted.shape)}"
        if mask is not None and tensor.shape[:2] == mask.shape:
            tensor, wanted = tensor[mask], wanted[mask]
        largest = max(1.0, wanted.abs().max().item())
        errors.append((tensor - wanted).abs().max().item() / largest)
    assert errors, "nothing to compare"
    return max(errors)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("zoo", type=pathlib.Path)
    parser.add_argument("family", nargs="*")
    args = parser.parse_args()
    listed = subprocess.run([args.zoo, "list", "--json"], capture_output=True, check=True)
    families = {f["name"]: f["architectures"] for f in json.loads(listed.stdout)["families"]}
    for name in own.REFERENCES:
        families.pop(name)  # the reference has no such model
    unknown = [name for name in args.family if name not in families]
    if unknown:
        parser.error(f"no family {', '.join(unknown)}")
    torch.set_num_threads(1)
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()

    failed, classes, worst = 0, 0, 0.0
    for family in args.family or families:
        for name in families[family]:
            classes += 1
            try:
                error = compare(args.zoo, family, name)
                problem = "" if error <= TOLERANCE else "  too far"
                worst = max(worst, error)
                print(f"{family:<12} {name:<42} {error:.1e}{problem}")
            except Exception as error:  # any error is a result
                problem = str(error)
                print(f"{family:<12} {name:<42} {problem}")
            failed += bool(problem)
    print(f"{classes} classes, {failed} failed, the largest error is {worst:.1e}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
