"""A second implementation of ConsMTL, by PyTorch's autograd: ten steps of a small model.

    python3 tests/peers/consmtl.py > tests/data/weightings/consmtl.json

The model: z = tanh(M s) with shared parameters s, and task i's loss
(sum_k tanh(z_k d_ik) - t_i)^2 / 2 with its decoder d_i. consmtl_test.cpp has the same.
"""
import json

import torch

torch.set_default_dtype(torch.float64)
RATE, STEPS, TASKS = 0.05, 10, 3


def bargain(k):
    """The w > 0 with K w = w^(-1/2), by Newton steps of at most 30 % of any w."""
    w = k.diagonal().pow(-2 / 3)
    for _ in range(1000):
        step = torch.linalg.solve(k + torch.diag(0.5 * w.pow(-1.5)), k @ w - w.pow(-0.5))
        w = w - step * min(1.0, float(0.3 / (step / w).abs().max()))
    assert (k @ w * w.sqrt() - 1).abs().max() < 1e-10
    return w


def losses_of(z, decoders, targets):
    return [(torch.tanh(z * d).sum() - t) ** 2 / 2 for d, t in zip(decoders, targets)]


def gradients(shared, decoders, mixing, targets, strength, max_ratio):
    z = torch.tanh(mixing @ shared)
    losses = losses_of(z, decoders, targets)
    rows = torch.stack([torch.autograd.grad(l, shared, retain_graph=True)[0] for l in losses])
    w = bargain(rows @ rows.T)
    deltas = [torch.autograd.grad(l, z, create_graph=True)[0] for l in losses]
    common = sum(wj * dj for wj, dj in zip(w, deltas)).detach()
    result = [TASKS * w @ rows]
    for loss, delta, decoder in zip(losses, deltas, decoders):
        own = torch.autograd.grad(loss, decoder, retain_graph=True)[0]
        added = torch.autograd.grad(-strength * delta @ common, decoder, retain_graph=True)[0]
        result.append(own + added * min(1.0, float(max_ratio * own.norm() / added.norm())))
    return result


def run(strength, max_ratio):
    torch.manual_seed(7)
    mixing, shared = torch.randn(5, 6), torch.randn(6)
    decoders, targets = [torch.randn(5) for _ in range(TASKS)], torch.randn(TASKS)
    case = {"lambda": strength, "max_ratio": max_ratio, "mixing": mixing.tolist(),
            "targets": targets.tolist(), "shared": shared.tolist(),
            "decoders": [d.tolist() for d in decoders], "gradients": []}
    for _ in range(STEPS):
        parameters = [p.detach().requires_grad_() for p in [shared, *decoders]]
        steps = gradients(parameters[0], parameters[1:], mixing, targets, strength, max_ratio)
        case["gradients"].append([g.tolist() for g in steps])
        shared, *decoders = [p.detach() - RATE * g for p, g in zip(parameters, steps)]
    return case


if __name__ == "__main__":
    print(json.dumps([run(1.0, 0.1), run(0.3, 100.0)]))
