"""row_methods.py: second implementations of methods of gradient rows that no library has in the form
that is built here; writes tests/data/weightings/{sam_gs,graddrop_on_features}.json. Needs numpy.

    python3 tests/peers/row_methods.py
"""
import json
import pathlib

import numpy as np

STEPS = 10
FOLDER = pathlib.Path(__file__).resolve().parents[1] / "data/weightings"


def write(name, content):
    FOLDER.mkdir(parents=True, exist_ok=True)
    text = json.dumps(content, separators=(",", ":"))
    (FOLDER / name).write_text(text.replace('{"', '\n{"') + "\n")


class SamGs:
    """arXiv:2506.06130, with a momentum that begins with zeros."""

    def __init__(self, gamma, beta1, beta2):
        self.gamma, self.beta1, self.beta2 = gamma, beta1, beta2
        self.first, self.second, self.steps = 0.0, 0.0, 0

    def __call__(self, rows):
        lengths = np.sqrt((rows**2).sum(1))
        products = np.outer(lengths, lengths)
        squares = lengths[:, None]**2 + lengths[None, :]**2
        pairs = np.triu_indices(len(rows), 1)
        alike = (2 * products / squares)[pairs]
        self.steps += 1
        self.first = self.beta1 * self.first + (1 - self.beta1) * rows
        self.second = (self.beta2 * self.second + (1 - self.beta2) * (1 - alike.mean())**2 + 1e-8)
        if alike.min() < self.gamma:
            return (rows / lengths[:, None]).sum(0) * lengths.mean()
        first = self.first / (1 - self.beta1**self.steps)
        second = self.second / (1 - self.beta2**self.steps)
        return (rows * np.abs(first) / np.sqrt(second)).sum(0)


def sam_gs(random):
    cases = []
    for options in ({}, {"gamma": 0.6, "beta1": 0.5, "beta2": 0.8}):
        method = SamGs(**{"gamma": 0.9, "beta1": 0.9, "beta2": 0.9, **options})
        calls = []
        for step in range(STEPS):
            # Lengths that are alike in two steps of three.
            spread = np.exp(random.normal(size=(3, 1)) * (1.5 if step % 3 == 2 else 0.1))
            rows = random.normal(size=(3, 12)) * spread
            calls.append({"rows": rows.tolist(), "direction": method(rows).tolist()})
        cases.append({"options": options, "calls": calls})
    return cases


def drop_on_features(features, gradients, uniform, leak):
    """arXiv:2010.06808, algorithm 1: features [B, ...], gradients [n, B, ...], uniform [...]."""
    votes = (np.sign(features) * gradients).sum(1)
    with np.errstate(invalid="ignore"):  # nothing is kept where all votes are 0
        purity = 0.5 * (1 + votes.sum(0) / np.abs(votes).sum(0))
    result = np.zeros_like(features)
    for vote, gradient in zip(votes, gradients):
        mask = ((purity > uniform) & (vote > 0)) | ((purity < uniform) & (vote < 0))
        result += (leak + (1 - leak) * mask) * gradient
    return result


def graddrop_on_features(random):
    calls = []
    for step in range(STEPS):
        features = random.normal(size=(2, 3, 2, 2)) * (random.uniform(size=(2, 3, 2, 2)) > 0.2)
        gradients = random.normal(size=(3, 2, 3, 2, 2))
        uniform, leak = random.uniform(size=(3, 2, 2)), 0.15 * (step % 3)
        combined = drop_on_features(features, gradients, uniform, leak)
        calls.append({"leak": leak, "features": features.tolist(), "gradients": gradients.tolist(),
                      "uniform": uniform.tolist(), "combined": combined.tolist()})
    return calls


def main():
    write("sam_gs.json", sam_gs(np.random.default_rng(1)))
    write("graddrop_on_features.json", graddrop_on_features(np.random.default_rng(2)))


if __name__ == "__main__":
    main()
