"""Steps of optimizers on small tensors, for tests/optimizers.rs.

    "$(scripts/reference-env)" tests/golden/optimizers.py [--check]

writes optimizers.json: initial values, the gradients of each step, and the values after the last step
of torch.optim.SGD, transformers' Adafactor, Lion by the formula of its paper, and torch.optim.Muon
with AdamW for what is no matrix of a layer. Everything is computed in f64. Weight decay applies to
tensors with two or more dimensions.
"""

import json
import sys
from pathlib import Path

import torch
from transformers.optimization import Adafactor

STEPS = 6
SHAPES = {
    "layers.0.weight": [3, 5],
    "layers.0.bias": [5],
    "classifier": [4, 3],
    "kernel": [2, 3, 2],
}
RATE = 0.02
DECAY = 0.3


class Lion(torch.optim.Optimizer):
    """Algorithm 2 of Chen et al. 2023."""

    def __init__(self, groups, lr, betas):
        super().__init__(groups, {"lr": lr, "betas": betas, "weight_decay": 0.0})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            beta_1, beta_2 = group["betas"]
            for p in group["params"]:
                m = self.state[p].setdefault("m", torch.zeros_like(p))
                c = beta_1 * m + (1 - beta_1) * p.grad
                p -= group["lr"] * (torch.sign(c) + group["weight_decay"] * p)
                self.state[p]["m"] = beta_2 * m + (1 - beta_2) * p.grad


def groups(parameters):
    matrices = [p for p in parameters if p.dim() >= 2]
    vectors = [p for p in parameters if p.dim() < 2]
    return [
        {"params": matrices, "weight_decay": DECAY},
        {"params": vectors, "weight_decay": 0.0},
    ]


def muon(named):
    hidden = [named["layers.0.weight"]]
    others = [p for name, p in named.items() if name != "layers.0.weight"]
    return [
        torch.optim.Muon(
            hidden, lr=RATE, weight_decay=DECAY, momentum=0.95, nesterov=True,
            adjust_lr_fn="match_rms_adamw",
        ),
        torch.optim.AdamW(groups(others), lr=RATE, betas=(0.9, 0.99), eps=1e-8),
    ]


OPTIMIZERS = {
    "sgd": lambda named: [torch.optim.SGD(groups(named.values()), lr=RATE)],
    "momentum": lambda named: [torch.optim.SGD(groups(named.values()), lr=RATE, momentum=0.9)],
    "nesterov": lambda named: [
        torch.optim.SGD(groups(named.values()), lr=RATE, momentum=0.9, nesterov=True)
    ],
    "lion": lambda named: [Lion(groups(named.values()), lr=RATE, betas=(0.9, 0.99))],
    "adafactor": lambda named: [
        Adafactor(groups(named.values()), lr=RATE, scale_parameter=False, relative_step=False)
    ],
    "muon": muon,
}


def draw(generator):
    return {
        name: (torch.randn(shape, generator=generator).double() * 8).round() / 8
        for name, shape in SHAPES.items()
    }


def flat(tensors):
    return {name: tensor.detach().flatten().tolist() for name, tensor in tensors.items()}


def check(stored, found):
    """Compares with what is stored, within 1e-6."""
    worst = max(
        abs(a - b)
        for name, tensors in stored.items()
        for key, values in tensors.items()
        for a, b in zip(values, found[name][key], strict=True)
    )
    print(f"largest difference: {worst:.1e}")
    return 0 if worst <= 1e-6 else 1


def main():
    # PyTorch orthogonalizes in bf16.
    torch.Tensor.bfloat16 = lambda self: self
    generator = torch.Generator().manual_seed(0)
    initial = draw(generator)
    gradients = [draw(generator) for _ in range(STEPS)]
    results = {}
    for name, make in OPTIMIZERS.items():
        parameters = {n: torch.nn.Parameter(value.clone()) for n, value in initial.items()}
        optimizers = make(parameters)
        for step in gradients:
            for n, parameter in parameters.items():
                parameter.grad = step[n].clone()
            for optimizer in optimizers:
                optimizer.step()
        results[name] = flat(parameters)
    rounded = lambda values: {n: [round(v, 8) for v in row] for n, row in values.items()}
    recorded = {
        "rate": RATE,
        "weight_decay": DECAY,
        # Eighths, which are exact in f32.
        "initial": flat(initial),
        "gradients": [flat(step) for step in gradients],
        "results": {name: rounded(values) for name, values in results.items()},
    }
    path = Path(__file__).with_name("optimizers.json")
    if "--check" in sys.argv[1:]:
        sys.exit(check(json.loads(path.read_text())["results"], results))
    path.write_text(json.dumps(recorded, separators=(",", ":")) + "\n")
    print(path, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
