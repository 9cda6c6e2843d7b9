"""Counts the parameters of published models from their JSON files alone, by transformers or their index.

    python tests/golden/published.py DIR tests/golden/published.json

DIR has one folder per family, and in it one per model. A count is that of the index of the weights (bytes of all
tensors over bytes of an element), or else that of the class in `architectures`, built without weights. If neither is
available (no class, one of another library, a custom model_type), the model is left out.
"""

import json
import sys
import warnings
from pathlib import Path

import torch
import transformers
from transformers import AutoConfig

BYTES = {"float32": 4, "float16": 2, "bfloat16": 2}


def of_index(folder, config):
    for name in ["model.safetensors.index.json", "pytorch_model.bin.index.json"]:
        if (folder / name).exists():
            size = json.loads((folder / name).read_text()).get("metadata", {}).get("total_size")
            dtype = config.get("dtype") or config.get("torch_dtype")
            if size and dtype in BYTES and size % BYTES[dtype] == 0:
                return size // BYTES[dtype]
    return None


def of_class(folder, raw):
    names = raw.get("architectures") or []
    cls = getattr(transformers, names[0], None) if names else None
    if cls is None:
        return None
    config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
    with torch.device("meta"):
        model = cls(config)
    count = sum({id(p): p.numel() for p in model.parameters()}.values())
    if raw["model_type"] in ("t5", "mt5") and raw.get("tie_word_embeddings") is False and hasattr(model, "lm_head"):
        # transformers 5 ties tensors that the published files store separately.
        count += config.vocab_size * config.d_model
    if raw["model_type"] == "marian":
        # Sinusoids, which files omit.
        count -= 2 * config.max_position_embeddings * config.d_model
    return count


def main(root, out):
    warnings.filterwarnings("ignore")
    transformers.logging.set_verbosity_error()
    found = {}
    for folder in sorted(root.glob("*/*")):
        path = folder / "config.json"
        if not path.exists():
            continue
        raw = json.loads(path.read_text())
        try:
            count = of_index(folder, raw) or of_class(folder, raw)
        except Exception as error:
            print(f"{folder.name}: {type(error).__name__}", file=sys.stderr)
            count = None
        if count:
            found[f"{folder.parent.name}/{folder.name}"] = count
    out.write_text(json.dumps(found, indent=0) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
