"""What the peers on PyTorch share: they say what they are, and answer questions line by line."""

import argparse
import json
import sys

import torch
import transformers


def say(answer):
    print(json.dumps(answer), flush=True)


def arguments(*positional):
    """Those of the command line; PyTorch takes as many threads as that says."""
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
    """Says that all is ready, and then what `answer` gives for each question."""
    versions = f"transformers {transformers.__version__}, torch {torch.__version__}"
    say({"ready": f"{versions}, {torch.get_num_threads()} threads"})
    for line in sys.stdin:
        say(answer(json.loads(line)))
