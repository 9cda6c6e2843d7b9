"""The pinned reference implementation. Import this before torch."""

import importlib.metadata
import os
import pathlib
import sys

# One thread and the simplest code paths, so that the bytes are the same on other machines too.
os.environ.update(
    ATEN_CPU_CAPABILITY="default",
    CUDA_VISIBLE_DEVICES="",
    HF_HUB_OFFLINE="1",
    MKL_CBWR="COMPATIBLE",
    MKL_NUM_THREADS="1",
    OMP_NUM_THREADS="1",
    ONEDNN_MAX_CPU_ISA="SSE41",
    TOKENIZERS_PARALLELISM="false",
)
sys.dont_write_bytecode = True

HERE = pathlib.Path(__file__).resolve().parent

# The additional requirements of pipelines.py and diverse.py beyond the reference: `v4`, `vision`,
# `groups`.
ENVIRONMENT = os.environ.get("GOLDEN_ENVIRONMENT", "")


def pins_in(name):
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


def pinned_versions():
    """The versions in requirements.txt; exits if the installed ones differ."""
    pins = pins_in("requirements.txt")
    if ENVIRONMENT:
        pins |= pins_in(f"requirements-{ENVIRONMENT}.txt")
    for name, wanted in pins.items():
        try:
            found = importlib.metadata.version(name).split("+")[0]  # 2.9.0+cpu is 2.9.0
        except importlib.metadata.PackageNotFoundError:
            found = "nothing"
        if found != wanted:
            what = "run scripts/reference-env"
            if ENVIRONMENT:
                what = f"install requirements-{ENVIRONMENT}.txt, as README.md says"
            sys.exit(f"{name}: {wanted} is pinned, {found} is installed; {what}")
    return pins


VERSIONS = pinned_versions()
