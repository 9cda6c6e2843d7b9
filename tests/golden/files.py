"""Fixtures on disk: how they are written, replaced and compared."""

import json
import pathlib
import shutil
import sys

import safetensors.torch


# Files in a case's folder, including generation.py's.
KEPT = ("generation.json",)


def pretty(value, indent=""):
    """JSON with every list of plain values on one line."""
    inner = indent + "  "
    if isinstance(value, dict) and value:
        lines = [f"{inner}{json.dumps(key)}: {pretty(v, inner)}" for key, v in value.items()]
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    if isinstance(value, list) and any(isinstance(v, (dict, list)) for v in value):
        return "[\n" + ",\n".join(inner + pretty(v, inner) for v in value) + f"\n{indent}]"
    return json.dumps(value)


def write_pretty(path, value):
    path.write_text(pretty(value) + "\n", encoding="utf-8")


def files_below(path):
    """The files of a folder, or the file itself, by relative path."""
    paths = path.rglob("*") if path.is_dir() else [path]
    return {str(p.relative_to(path)): p for p in paths if p.is_file() and p.name not in KEPT}


def replace(stored, fresh):
    """Only a complete case replaces the old one."""
    if stored.is_dir():
        for kept in filter(pathlib.Path.is_file, (stored / name for name in KEPT)):
            shutil.copy(kept, fresh)
        shutil.rmtree(stored)
    stored.parent.mkdir(exist_ok=True)
    shutil.move(fresh, stored)


def explain(mine, theirs):
    """The difference of two files, if both have tensors of the same names."""
    if mine.suffix != ".safetensors":
        return ""
    a, b = safetensors.torch.load_file(mine), safetensors.torch.load_file(theirs)
    if a.keys() != b.keys() or any(a[key].shape != b[key].shape for key in a):
        return ": other tensors"
    apart = max((a[key].double() - b[key].double()).abs().max().item() for key in a)
    return f": tensors differ by up to {apart:.1e}"


def compare(stored, fresh, id):
    """Lists the files that differ in any byte, and those on one side only."""
    stored, fresh = files_below(stored), files_below(fresh)
    problems = [f"{id}/{path}: missing" for path in fresh.keys() - stored.keys()]
    problems += [f"{id}/{path}: not written any more" for path in stored.keys() - fresh.keys()]
    for path in stored.keys() & fresh.keys():
        if stored[path].read_bytes() != fresh[path].read_bytes():
            problems.append(f"{id}/{path}: differs{explain(stored[path], fresh[path])}")
    return sorted(problem.replace("/.:", ":") for problem in problems)


def selected(names, jobs):
    """The jobs selected by `names`, as ids or prefixes of ids; all jobs without names."""
    chosen = {}
    for name in names or jobs:
        found = [id for id in jobs if name in (id, id.split("/")[0], id.removesuffix(".json"))]
        if not found:
            print(f"there is no '{name}'; there are: {', '.join(jobs)}", file=sys.stderr)
            sys.exit(2)
        chosen.update({id: jobs[id] for id in found})
    return chosen
