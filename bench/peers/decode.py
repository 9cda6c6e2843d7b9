"""Decodes with transformers' `generate` for the `decode` benchmark, one request per line.

    python bench/peers/decode.py MODEL_DIRECTORY f32|bf16 --threads 2

First line: {"ready": "transformers 5.23.0, torch 2.9.0, 2 threads"}
Request:    {"prompts": [[1, 2], [3, 4]], "new_tokens": 8}
Response:   {"seconds": [..], "tokens": [[..], [..]]}, where `seconds` are the times between
            consecutive new tokens of the batch.
"""

import time

import lines
import torch
import transformers


class Clock(transformers.StoppingCriteria):
    """Records the time of every token; never stops generation."""

    def __init__(self):
        self.ticks = []

    def __call__(self, input_ids, scores, **kwargs):
        self.ticks.append(time.perf_counter())
        return torch.zeros(len(input_ids), dtype=torch.bool)


def decode(model, prompts, new_tokens):
    ids = torch.tensor(prompts)
    clock = Clock()
    with torch.inference_mode():
        out = model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=new_tokens,
            do_sample=False,
            use_cache=True,
            stopping_criteria=transformers.StoppingCriteriaList([clock]),
        )
    seconds = [later - earlier for earlier, later in zip(clock.ticks, clock.ticks[1:])]
    return {"seconds": seconds, "tokens": out[:, ids.shape[1] :].tolist()}


def main():
    args = lines.arguments("model", "format")
    dtype = {"f32": torch.float32, "bf16": torch.bfloat16}[args.format]
    model = transformers.AutoModelForCausalLM.from_pretrained(args.model, dtype=dtype).eval()
    # With random weights texts would end at random positions; all texts must have equal length.
    model.generation_config.eos_token_id = None
    model.generation_config.pad_token_id = 0
    lines.serve(lambda question: decode(model, question["prompts"], question["new_tokens"]))


if __name__ == "__main__":
    main()
