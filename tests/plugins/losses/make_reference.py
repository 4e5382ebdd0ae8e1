"""make_reference.py >reference.json: losses and their gradients in float64, straight from their
sources with PyTorch, for losses_test.cpp. What PyTorch has itself is PyTorch's."""
import json
import math

import torch
import torch.nn.functional as F

torch.manual_seed(3)
torch.set_default_dtype(torch.float64)
N, C, H, W = 3, 4, 4, 5


def class_data():
    logits = (torch.randn(N, C, H, W) * 2).round(decimals=4)  # short in the file
    labels = torch.randint(0, C, (N, H, W))
    labels[1][labels[1] == 2] = 0  # a class that one image lacks
    labels[torch.rand(N, H, W) < 0.2] = -1
    return logits, labels


def value_data():
    prediction = (torch.rand(N, 1, H, W) * 6 - 0.5).round(decimals=4)
    target = torch.rand(N, 1, H, W) * 5 + 0.2
    target[torch.rand(N, 1, H, W) < 0.2] = 0
    return prediction, target.round(decimals=4)


def vector_data():
    prediction = F.normalize(torch.randn(N, 3, H, W))
    target = F.normalize(torch.randn(N, 3, H, W))
    target[(torch.rand(N, 1, H, W) < 0.2).expand(N, 3, H, W)] = 0
    return prediction, target


def pixels(logits, labels):
    """[pixels, C] and [pixels] with labels."""
    valid = labels >= 0
    return logits.movedim(1, -1)[valid], labels[valid]


def focal(logits, labels, gamma, weight):
    x, y = pixels(logits, labels)
    p = x.softmax(1)[torch.arange(len(y)), y]
    w = torch.tensor(weight)[y]
    return (-w * (1 - p) ** gamma * p.log()).sum() / w.sum()


def ohem(logits, labels, threshold, share):
    total, count = 0, 0
    for x, y in zip(logits, labels):
        x, y = pixels(x[None], y[None])
        losses = F.cross_entropy(x, y, reduction="none")
        p = x.softmax(1)[torch.arange(len(y)), y]
        hard = losses[p <= threshold]
        least = max(1, int(share * len(y)))
        kept = hard if len(hard) >= least else losses.topk(least).values
        total, count = total + kept.sum(), count + len(kept)
    return total / count


def dice(logits, labels, smooth, exponent):
    losses = []
    for x, y in zip(logits, labels):
        x, y = pixels(x[None], y[None])
        p, g = x.softmax(1), F.one_hot(y, C).to(x)
        of_class = (2 * (p * g).sum(0) + smooth) / ((p ** exponent).sum(0) + g.sum(0) + smooth)
        losses.append(1 - of_class.mean())
    return torch.stack(losses).mean()


def lovasz_grad(truth):
    """Algorithm 1 of Berman et al., as their published code has it."""
    total = truth.sum()
    jaccard = 1 - (total - truth.cumsum(0)) / (total + (1 - truth).cumsum(0))
    jaccard[1:] = jaccard[1:] - jaccard[:-1].clone()
    return jaccard


def lovasz(logits, labels):
    losses = []
    for x, y in zip(logits, labels):
        x, y = pixels(x[None], y[None])
        p = x.softmax(1)
        of_class = []
        for c in y.unique().tolist():
            truth = (y == c).to(p)
            errors, order = torch.sort((truth - p[:, c]).abs(), descending=True)
            of_class.append(torch.dot(errors, lovasz_grad(truth[order])))
        losses.append(torch.stack(of_class).mean())
    return torch.stack(losses).mean()


def of_valid(loss):
    return lambda p, y: loss(p[y != 0], y[y != 0])


def berhu(p, y, by_image):
    d = torch.where(y != 0, (p - y).abs(), 0)
    c = (d.amax((1, 2, 3), keepdim=True) if by_image else d.max()).detach() / 5
    return torch.where(d <= c, d, (d * d + c * c) / (2 * c))[y != 0].mean()


def silog(p, y, factor):
    d = p.log() - y.log()
    return (d * d).mean() - factor * d.mean() ** 2


def silog_by_image(p, y):
    return torch.stack([silog(a[b != 0], b[b != 0], 0.5) for a, b in zip(p, y)]).mean()


def gradient_matching(prediction, target):
    """MiDaS' published code with its reduction over images."""
    total = 0
    for scale in range(4):
        step = 2 ** scale
        p, y = prediction[:, 0, ::step, ::step], target[:, 0, ::step, ::step]
        mask = (y != 0).to(p)
        d = mask * (p - y)
        x = (d[:, :, 1:] - d[:, :, :-1]).abs() * mask[:, :, 1:] * mask[:, :, :-1]
        v = (d[:, 1:] - d[:, :-1]).abs() * mask[:, 1:] * mask[:, :-1]
        total = total + ((x.sum((1, 2)) + v.sum((1, 2))) / mask.sum((1, 2)).clamp_min(1)).mean()
    return total


def valid_vectors(loss):
    return lambda p, y: loss(p, y)[(y != 0).any(1)].mean()


def cases():
    weights = [0.5, 2.0, 1.0, 0.0]
    text = "class_weight: [0.5, 2, 1, 0]"
    logits, labels = class_data()
    for name, options, loss in [
            ("CrossEntropyLoss", "", lambda x, y: F.cross_entropy(x, y, ignore_index=-1)),
            ("CrossEntropyLoss", text + " label_smoothing: 0.1",
             lambda x, y: F.cross_entropy(x, y, torch.tensor(weights), ignore_index=-1,
                                          label_smoothing=float(torch.tensor(0.1).float()))),
            ("FocalLoss", "", lambda x, y: focal(x, y, 2, [1.0] * C)),
            ("FocalLoss", "gamma: 0.5 " + text, lambda x, y: focal(x, y, 0.5, weights)),
            ("OHEMLoss", "threshold: 0.25", lambda x, y: ohem(x, y, 0.25, 0.0625)),
            ("OHEMLoss", "threshold: 0 min_share: 0.5", lambda x, y: ohem(x, y, 0, 0.5)),
            ("DiceLoss", "", lambda x, y: dice(x, y, 1, 2)),
            ("DiceLoss", "smooth: 0.5 exponent: 1", lambda x, y: dice(x, y, 0.5, 1)),
            ("LovaszLoss", "", lovasz)]:
        yield name, options, logits, labels, loss
    prediction, target = value_data()
    for name, options, loss in [
            ("L1Loss", "", of_valid(F.l1_loss)), ("L2Loss", "", of_valid(F.mse_loss)),
            ("HuberLoss", "delta: 0.5", of_valid(lambda p, y: F.huber_loss(p, y, delta=0.5))),
            ("BerHuLoss", "", lambda p, y: berhu(p, y, False)),
            ("BerHuLoss", "over: IMAGE", lambda p, y: berhu(p, y, True)),
            ("GradientMatchingLoss", "", gradient_matching)]:
        yield name, options, prediction, target, loss
    positive = prediction.abs() + 0.2
    yield "SILogLoss", "", positive, target, silog_by_image
    yield ("SILogLoss", "lambda: 1 over: BATCH", positive, target,
           of_valid(lambda p, y: silog(p, y, 1)))
    prediction, target = vector_data()
    for name, loss in [
            ("L1Loss", lambda p, y: (p - y).abs().sum(1)),
            ("CosineLoss", lambda p, y: 1 - F.cosine_similarity(p, y)),
            ("AngularLoss", lambda p, y: torch.atan2(torch.linalg.cross(p, y, dim=1).norm(dim=1),
                                                     (p * y).sum(1)))]:
        yield name, "", prediction, target, valid_vectors(loss)


def main():
    out = []
    for name, options, prediction, target, loss in cases():
        x = prediction.clone().requires_grad_()
        value = loss(x, target)
        value.backward()
        gradient = x.grad
        if name == "CosineLoss":  # of unit vectors, whose length PyTorch takes the gradient of, too
            gradient = -target / (target != 0).any(1).sum()
        assert math.isfinite(value.item())
        out.append({"loss": "tasuki/" + name, "options": options,
                    "shape": list(prediction.shape), "prediction": prediction.flatten().tolist(),
                    "target": target.flatten().tolist(), "value": value.item(),
                    "gradient": [float(f"{g:.10g}") for g in gradient.flatten().tolist()]})
    print("[" + ",\n".join(json.dumps(case) for case in out) + "]")


if __name__ == "__main__":
    main()
