"""The protocol shared by the PyTorch peers: a ready line, then one response per request line."""

import argparse
import json
import sys

import torch
import transformers


def say(answer):
    print(json.dumps(answer), flush=True)


def arguments(*positional):
    """Parses the command line, and sets PyTorch's number of threads."""
    parser = argparse.ArgumentParser()
    for name in positional:
        parser.add_argument(name)
    parser.add_argument("--threads", type=int, required=True)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    return args


def serve(answer):
    """Prints the ready line, then the result of `answer` for each request."""
    versions = f"transformers {transformers.__version__}, torch {torch.__version__}"
    say({"ready": f"{versions}, {torch.get_num_threads()} threads"})
    for line in sys.stdin:
        say(answer(json.loads(line)))
