"""compare_figures.py A B TOLERANCE: fails where two result files of `tasuki eval` differ more."""
import json
import sys


def figures(path):
    with open(path, encoding="utf-8") as file:
        tasks = json.load(file)["tasks"]
    return {f"{task}.{name}": value for task, entry in tasks.items()
            for name, value in entry["metrics"].items()}


def main():
    first, second = figures(sys.argv[1]), figures(sys.argv[2])
    tolerance = float(sys.argv[3])
    assert first.keys() == second.keys() and len(first) > 5, (first.keys(), second.keys())
    wrong = {name: (value, second[name]) for name, value in first.items()
             if abs(value - second[name]) > tolerance * max(1, abs(value))}
    assert not wrong, wrong


if __name__ == "__main__":
    main()
