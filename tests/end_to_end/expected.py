"""expected.py check|measure TASUKI WORK CONFIG: holds a quick schedule to the results it had.

NAME.expected.json, beside NAME.pbtxt, has the mean and the standard deviation over seeds of each
figure of the protocol. One machine gives the same figures each time; another one, or another
LibTorch, rounds differently, and the training goes another way from there on, as it does with
another seed. So a figure is right within TOLERANCE standard deviations of the mean.

  measure  trains with seeds 0..SEEDS-1 and writes the file
  check    trains with seed 0 and compares; and demands that hardly trained weights miss, or
           nothing would be held
"""
import json
import os
import re
import shutil
import statistics
import subprocess
import sys

SEEDS = 5
TOLERANCE = 4
SKIPPED = 77


def train(tasuki, work, config, *assignments):
    """{"seg.miou": value, ...} of a training: all figures of its metrics.json."""
    shutil.rmtree(work, ignore_errors=True)
    command = [tasuki, "train", config, "--work-dir", work]
    for assignment in assignments:
        command += ["--set", assignment]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    with open(os.path.join(work, "metrics.json"), encoding="utf-8") as file:
        return flat(json.load(file))


def flat(metrics):
    figures = {}
    for name in metrics["protocol"]["metrics"]:
        task, figure = name.split(".")
        figures[name] = metrics["tasks"][task]["metrics"][figure]
    return figures


def missing_data(tasuki, config):
    """The data set's folder, if it is not there; rendered data have none."""
    text = subprocess.run([tasuki, "config", config], capture_output=True, text=True,
                          check=True).stdout
    folder = re.search(r'^ +root: "(.*)"$', text, re.MULTILINE)
    if folder is None or os.path.isdir(os.path.join(os.environ.get("TASUKI_DATA", ""), folder[1])):
        return None
    return folder[1]


def measure(tasuki, work, config, expected_file):
    runs = [train(tasuki, work, config, f"train.seed={seed}") for seed in range(SEEDS)]
    figures = {}
    for name in sorted(runs[0]):
        values = [run[name] for run in runs]
        figures[name] = {"mean": float(f"{statistics.mean(values):.4g}"),
                         "deviation": float(f"{statistics.stdev(values):.2g}")}
    with open(expected_file, "w", encoding="utf-8") as file:
        json.dump({"seeds": SEEDS, "figures": figures}, file, indent=2)
        file.write("\n")


def misses(figures, expected):
    """Lines for the figures that are further from the expected mean than allowed."""
    for name, value in sorted(figures.items()):
        mean, deviation = expected[name]["mean"], expected[name]["deviation"]
        if not abs(value - mean) <= TOLERANCE * deviation:
            yield f"{name} is {value:.4g}, expected {mean} +- {TOLERANCE * deviation:.2g}"


def check(tasuki, work, config, expected_file):
    with open(expected_file, encoding="utf-8") as file:
        expected = json.load(file)["figures"]
    figures = train(tasuki, work, config)
    if set(figures) != set(expected):
        sys.exit(f"{config} has the figures {sorted(figures)}, {expected_file} {sorted(expected)}")
    for name, value in sorted(figures.items()):
        print(f"{name} {value:.4g}, expected {expected[name]['mean']}")
    wrong = list(misses(figures, expected))
    untrained = train(tasuki, work, config, "train.epochs=1", "train.warmup_steps=0",
                      "train.optimizer.lr=1e-9")
    missed = {line.split()[0] for line in misses(untrained, expected)}
    wrong += [f"untrained weights have {name} {untrained[name]:.4g} too: it holds nothing"
              for name in sorted(set(expected) - missed)]
    if wrong:
        sys.exit("\n".join(wrong))


def main():
    action, tasuki, work, config = sys.argv[1:]
    missing = missing_data(tasuki, config)
    if missing is not None:
        print(f"skipped: {config}: set TASUKI_DATA to the folder that {missing}/ lies in")
        sys.exit(SKIPPED)
    expected_file = os.path.splitext(config)[0] + ".expected.json"
    {"check": check, "measure": measure}[action](tasuki, work, config, expected_file)
    shutil.rmtree(work)


if __name__ == "__main__":
    main()
