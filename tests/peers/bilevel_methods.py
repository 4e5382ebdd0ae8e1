"""bilevel_methods.py: a second implementation of MOML and FORUM with torch autograd, torch.optim.Adam
and torch.optim.SGD, on quadratic losses; writes tests/data/weightings/moml.json and forum.json. Needs
numpy and torch.

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


def positive():
    roots = torch.randn(TASKS, SIZE, SIZE)
    return roots @ roots.transpose(1, 2) / SIZE


def write(name, content):
    FOLDER.mkdir(parents=True, exist_ok=True)
    text = json.dumps(content, separators=(",", ":")).replace(',"', ',\n"')
    (FOLDER / name).write_text(text + "\n")


def moml():
    torch.manual_seed(4)
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
    write("moml.json", {
        "lr": LR, "options": {"lr": OUTER_LR, "inner_lr": INNER_LR}, "start": start,
        "train_forms": train[0].tolist(), "train_centers": train[1].tolist(),
        "validation_forms": validation[0].tolist(),
        "validation_centers": validation[1].tolist(), "calls": calls})


def constrained(rows, constraint, phi):
    """The weights that minimise |w rows + v constraint|^2 / 2 - v phi |constraint|^2 over the simplex
    and v >= 0: of all sets of elements that may be positive, the best whose minimum is feasible."""
    count = len(rows)
    matrix = np.vstack([rows, constraint])
    gramian = matrix @ matrix.T
    linear = np.zeros(count + 1)
    linear[count] = phi * gramian[count, count]
    best, least = None, np.inf
    for size in range(1, count + 1):
        for face in itertools.combinations(range(count), size):
            for last in ([], [count]):
                members = list(face) + last
                system = np.zeros((len(members) + 1, len(members) + 1))
                system[:-1, :-1] = gramian[np.ix_(members, members)]
                system[:size, -1] = system[-1, :size] = 1
                solution = np.linalg.lstsq(system, np.append(linear[members], 1), rcond=None)[0]
                x = np.zeros(count + 1)
                x[members] = solution[:-1]
                if (x < -1e-12).any():
                    continue
                value = x @ gramian @ x / 2 - linear @ x
                if value < least:
                    best, least = x[:count], value
    return best


def forum():
    torch.manual_seed(5)
    phi, inner_steps, steps_an_epoch = 0.6, 3, 4
    train = positive(), torch.randn(TASKS, SIZE)
    further = positive(), torch.randn(TASKS, SIZE)
    theta = torch.randn(SIZE, requires_grad=True)
    alpha = torch.zeros(TASKS, requires_grad=True)
    adam = torch.optim.Adam([alpha], lr=OUTER_LR)
    shares = torch.zeros(TASKS)
    start, calls = theta.tolist(), []
    for step in range(STEPS):
        def lower(at):
            return (alpha.softmax(0) * losses_at(at, *train)).sum()
        of_alpha, of_theta = torch.autograd.grad(lower(theta), [alpha, theta])
        inner = theta.detach().clone().requires_grad_()
        sgd = torch.optim.SGD([inner], lr=INNER_LR)
        for _ in range(inner_steps):
            sgd.zero_grad()
            lower(inner).backward()
            sgd.step()
        of_alpha = of_alpha - torch.autograd.grad(lower(inner), alpha)[0]
        constraint = torch.cat([of_alpha, of_theta])
        jacobian = torch.autograd.functional.jacobian(lambda at: losses_at(at, *further), theta)
        rows = torch.stack([torch.cat([torch.zeros(TASKS), row / row.norm()]) for row in jacobian])
        found = torch.from_numpy(constrained(rows.numpy(), constraint.numpy(), phi))
        epoch = step // steps_an_epoch
        shares += (found - shares) / (epoch + 1) ** 0.75
        toward = shares @ rows
        multiplier = max(0.0, float(phi - constraint @ toward / constraint.square().sum()))
        direction = toward + multiplier * constraint
        alpha.grad = direction[:TASKS].clone()
        adam.step()
        gradient = TASKS * direction[TASKS:]
        calls.append({"alpha": alpha.tolist(), "shares": shares.tolist(), "multiplier": multiplier,
                      "gradient": gradient.tolist()})
        with torch.no_grad():
            theta -= LR * gradient
    write("forum.json", {
        "lr": LR, "steps_an_epoch": steps_an_epoch,
        "options": {"lr": OUTER_LR, "inner_lr": INNER_LR, "inner_steps": inner_steps, "phi": phi},
        "start": start, "train_forms": train[0].tolist(), "train_centers": train[1].tolist(),
        "further_forms": further[0].tolist(), "further_centers": further[1].tolist(),
        "calls": calls})


def main():
    torch.set_default_dtype(torch.float64)
    moml()
    forum()


if __name__ == "__main__":
    main()
