"""bilevel_methods.py: a second implementation of MOML with torch autograd and torch.optim.Adam, on
quadratic losses; writes tests/data/weightings/moml.json. Needs numpy and torch.

    python3 tests/peers/bilevel_methods.py
"""
import itertools
import json
import pathlib

import numpy as np
import torch

STEPS, SIZE, TASKS = 10, 8, 3
LR, INNER_LR, OUTER_LR = 0.05, 0.1, 0.01
FOLDER = pathlib.Path(__file__).resolve().parents[1] / "data/weightings"


def shortest(rows):
    """The shortest vector in the convex hull: the best of all faces."""
    best = None
    for count in range(1, len(rows) + 1):
        for face in itertools.combinations(range(len(rows)), count):
            part = rows[list(face)]
            system = np.zeros((count + 1, count + 1))
            system[:count, :count] = part @ part.T
            system[:count, count] = system[count, :count] = 1
            right = np.zeros(count + 1)
            right[count] = 1
            weights = np.linalg.lstsq(system, right, rcond=None)[0][:count]
            if (weights < -1e-12).any():
                continue
            vector = weights @ part
            if best is None or vector @ vector < best @ best:
                best = vector
    return best


def losses_at(theta, forms, centers):
    moved = theta - centers
    return torch.einsum("ti,tij,tj->t", moved, forms, moved) / 2


def main():
    torch.manual_seed(4)
    torch.set_default_dtype(torch.float64)

    def positive():
        roots = torch.randn(TASKS, SIZE, SIZE)
        return roots @ roots.transpose(1, 2) / SIZE

    train = positive(), torch.randn(TASKS, SIZE)
    validation = positive(), torch.randn(TASKS, SIZE)
    theta = torch.randn(SIZE, requires_grad=True)
    alpha = torch.zeros(TASKS, requires_grad=True)
    adam = torch.optim.Adam([alpha], lr=OUTER_LR)
    start, calls = theta.tolist(), []
    for _ in range(STEPS):
        losses = losses_at(theta, *train)
        inner = torch.autograd.grad((alpha.softmax(0) * losses).sum(), theta, create_graph=True)[0]
        after = losses_at(theta - INNER_LR * inner, *validation)
        slopes = [torch.autograd.grad(loss, alpha, retain_graph=True)[0] for loss in after]
        rows = torch.stack([slope / slope.norm() for slope in slopes]).numpy()
        alpha.grad = torch.from_numpy(shortest(rows))
        adam.step()
        weights = TASKS * alpha.detach().softmax(0)
        gradient = torch.autograd.grad((weights * losses_at(theta, *train)).sum(), theta)[0]
        calls.append({"alpha": alpha.tolist(), "weights": weights.tolist(),
                      "gradient": gradient.tolist()})
        with torch.no_grad():
            theta -= LR * gradient
    content = {"lr": LR, "options": {"lr": OUTER_LR, "inner_lr": INNER_LR}, "start": start,
               "train_forms": train[0].tolist(), "train_centers": train[1].tolist(),
               "validation_forms": validation[0].tolist(),
               "validation_centers": validation[1].tolist(), "calls": calls}
    FOLDER.mkdir(parents=True, exist_ok=True)
    text = json.dumps(content, separators=(",", ":")).replace(',"', ',\n"')
    (FOLDER / "moml.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
