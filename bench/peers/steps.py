"""Trains and runs transformers' models on PyTorch for the `speed` benchmark, one request per line.

    python bench/peers/steps.py --threads 2

First line: {"ready": "transformers 5.23.0, torch 2.9.0, 2 threads"}
Request:    {"config": {"model_type": "gpt2", ..}, "rows": 12, "length": 64, "what": "train",
             "mode": "compiled"}
Response:   {"seconds": 0.05}, the time of one step, or {"unsupported": "reason"}. `what` is `train`
            (forward, backward, AdamW), `forward` (no gradients) or `prefill` (forward into a cache,
            with logits only for the last position); `mode` is `eager` or `compiled`, which also
            fuses AdamW. The first request for a model creates it and runs warm-up steps, which are
            not measured.
"""

import json
import time

import lines
import torch
import transformers

WARM_UP = 3


def auto_class(model_type):
    if model_type == "t5":
        return transformers.AutoModelForSeq2SeqLM
    if model_type == "bert":
        return transformers.AutoModelForMaskedLM
    return transformers.AutoModelForCausalLM


class Job:
    def __init__(self, question):
        torch.manual_seed(0)
        kind = question["config"]["model_type"]
        config = transformers.AutoConfig.for_model(**question["config"])
        prefills = question["what"] == "prefill"
        config.use_cache = prefills
        self.model = auto_class(kind).from_config(config, dtype=torch.float32)
        shape = (question["rows"], question["length"])
        ids = torch.randint(0, config.vocab_size, shape)
        self.inputs = {"input_ids": ids}
        self.trains = question["what"] == "train"
        compiled = question["mode"] == "compiled"
        if self.trains:
            self.model.train()
            self.inputs["labels"] = ids
            self.optimizer = torch.optim.AdamW(
                self.model.parameters(), lr=1e-4, weight_decay=0.1, fused=compiled or None
            )
        else:
            self.model.eval()
            if prefills:
                self.inputs["logits_to_keep"] = 1
            if kind == "t5":
                self.inputs["decoder_input_ids"] = ids
        self.forward = torch.compile(self.model) if compiled else self.model
        for _ in range(WARM_UP):
            self.step()

    def step(self):
        if not self.trains:
            with torch.inference_mode():
                return self.forward(**self.inputs).logits
        self.optimizer.zero_grad(set_to_none=True)
        self.forward(**self.inputs).loss.backward()
        self.optimizer.step()

    def timed(self):
        began = time.perf_counter()
        self.step()
        return time.perf_counter() - began


class Jobs:
    """Keeps the jobs of one shape at a time to limit memory use."""

    def __init__(self):
        self.shape = None
        self.by_mode = {}

    def answer(self, question):
        if question["what"] == "prefill" and question["config"]["model_type"] == "t5":
            return {"unsupported": "transformers computes T5 logits for every position"}
        mode = question.pop("mode")
        shape = json.dumps(question, sort_keys=True)
        if shape != self.shape:
            self.by_mode.clear()
            torch._dynamo.reset()
            self.shape = shape
        if mode not in self.by_mode:
            self.by_mode[mode] = Job({**question, "mode": mode})
        return {"seconds": self.by_mode[mode].timed()}


def main():
    lines.arguments()
    lines.serve(Jobs().answer)


if __name__ == "__main__":
    main()
