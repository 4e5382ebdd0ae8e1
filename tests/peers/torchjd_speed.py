"""Seconds of a training step of Tasuki and of TorchJD on the same network, in turns.

    python tests/peers/torchjd_speed.py build/release/bin/tasuki --data-root data --rounds 3

needs torch, torchjd, qpsolvers, quadprog and scipy. Both train configs/nyuv2/shared_r50.pbtxt's network (Tasuki with its
shortcuts, in fp32) on batches of the same size; each round measures one after the other, and the
ratios are those of rounds. Methods are given as Tasuki's name = TorchJD's aggregator.
"""

import argparse
import re
import statistics
import subprocess
import time
from pathlib import Path

import reference_network
import torch
from torchjd import aggregation
from torchjd.autojac import jac_to_grad, mtl_backward

CONFIG = Path(__file__).parents[2] / "configs" / "nyuv2" / "shared_r50.pbtxt"


def torchjd_step(network, optimizer, images, labels, aggregator):
    """The losses' Jacobian row by row: chunks of all rows at once take longer on a CPU."""
    optimizer.zero_grad()
    features, logits = network(images)
    losses = reference_network.losses(logits, labels)
    if aggregator is None:
        sum(losses).backward()
    else:
        mtl_backward(losses, features=features, parallel_chunk_size=1)
        jac_to_grad(network.encoder.parameters(), aggregator)
    optimizer.step()


def seconds_of(network, optimizer, data, aggregator, steps):
    taken = []
    for _ in range(steps):
        start = time.monotonic()
        torchjd_step(network, optimizer, *data, aggregator)
        taken.append(time.monotonic() - start)
    return statistics.median(taken)


def tasuki_seconds(arguments, names):
    command = [arguments.tasuki, "bench", str(CONFIG), "--data-root", arguments.data_root,
               "--no-loader", "--steps", str(arguments.steps), "--set",
               f"data.loader.batch_size={arguments.batch}", "--set", "train.precision=FP32"]
    for name in names:
        command += ["--weighting", f"[tasuki/{name}]{{}}"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = {}
    for name in ["EW", *names]:
        row = re.search(rf"^{name} +(.*)$", printed, re.MULTILINE)
        found[name] = float(row.group(1).split()[4])
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("tasuki")
    parser.add_argument("--data-root", default="data")
    parser.add_argument("--methods", nargs="+", default=["UPGrad=UPGrad", "PCGrad=PCGrad"])
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--steps", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=2)
    arguments = parser.parse_args()
    methods = dict(method.split("=") for method in arguments.methods)
    torch.manual_seed(0)
    network = reference_network.Network()
    optimizer = torch.optim.SGD(network.parameters(), lr=1e-4, momentum=0.9)
    data = reference_network.batch(arguments.batch, 288, 384)
    torchjd_step(network, optimizer, *data, None)
    for turn in range(arguments.rounds):
        ours = tasuki_seconds(arguments, list(methods))
        theirs = {"EW": seconds_of(network, optimizer, data, None, arguments.steps)}
        for name, aggregator in methods.items():
            aggregator = getattr(aggregation, aggregator)()
            theirs[name] = seconds_of(network, optimizer, data, aggregator, arguments.steps)
        for name in ours:
            print(f"round {turn + 1}  {name:<12} Tasuki {ours[name]:7.3f} s   TorchJD "
                  f"{theirs[name]:7.3f} s   TorchJD / Tasuki {theirs[name] / ours[name]:.2f}",
                  flush=True)


if __name__ == "__main__":
    main()
