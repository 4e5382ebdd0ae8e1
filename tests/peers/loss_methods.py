"""Ten steps of loss weightings by autograd and brute force: what tests/plugins/weightings/loss holds
its own against. Needs torch 1.13 or later and numpy.

    python3 tests/peers/loss_methods.py > tests/data/weightings/loss_methods.json
"""
import itertools
import json

import numpy
import torch

STEPS_PER_EPOCH = 2
STEPS = 10


def drawn_losses(random, tasks):
    scale = 10.0 ** random.uniform(-1, 1, tasks)
    return (scale * random.uniform(0.5, 1.5, (STEPS, tasks))).tolist()


def derivative(value, losses):
    leaf = torch.tensor(losses, dtype=torch.float64, requires_grad=True)
    return torch.autograd.grad(value(leaf), leaf)[0].tolist()


def scale_invariant(losses):
    return [derivative(lambda x: x.log().sum(), step) for step in losses]


def smooth_tchebycheff(losses, mu, warmup):
    of_warmup = [losses[t] for t in range(STEPS) if t // STEPS_PER_EPOCH == warmup]
    reference = torch.tensor(of_warmup, dtype=torch.float64).mean(0)

    def later(x):
        return len(x) * mu * torch.logsumexp((x / reference).log() / mu, 0)

    return [derivative(later if t // STEPS_PER_EPOCH > warmup else lambda x: x.log().sum(), step)
            for t, step in enumerate(losses)]


def best_grouping(numbers, groups):
    """The least squared distance over all ways to label the numbers."""
    best, result = numpy.inf, None
    for labels in itertools.product(range(groups), repeat=len(numbers)):
        means = [numpy.mean([x for x, l in zip(numbers, labels) if l == label] or [0.0])
                 for label in range(groups)]
        cost = sum((x - means[label]) ** 2 for x, label in zip(numbers, labels))
        if cost < best:
            best, result = cost, [float(means[label]) for label in labels]
    return result


def go4align(losses, beta, groups):
    share = numpy.full(len(losses[0]), 1 / len(losses[0]))
    weights = []
    for step in losses:
        share = share * numpy.exp(-beta * numpy.array(step))
        share = share / share.sum()
        weights.append(best_grouping((sum(step) / numpy.array(step)) * share, groups))
    return weights


def main():
    random = numpy.random.default_rng(20)
    entries = []
    for tasks in (2, 3, 5):
        losses = drawn_losses(random, tasks)

        def add(method, options, weights):
            entries.append({"method": method, "options": options, "losses": losses,
                            "weights": weights})

        add("SI", "", scale_invariant(losses))
        for mu, warmup in ((1.0, 1), (0.3, 2)):
            add("STCH", f"mu: {mu} warmup_epochs: {warmup}",
                smooth_tchebycheff(losses, mu, warmup))
        for beta, groups in ((0.01, 2), (0.1, 3)):
            add("GO4Align", f"step_size: {beta} groups: {groups}", go4align(losses, beta, groups))
    print(json.dumps({"steps_per_epoch": STEPS_PER_EPOCH, "entries": entries}))


if __name__ == "__main__":
    main()
