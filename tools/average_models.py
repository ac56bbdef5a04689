#!/usr/bin/env python3
"""Averages the weights of models that were trained from one another or from the same model.

average_models.py OUTPUT MODEL=WEIGHT MODEL=WEIGHT…

Each MODEL is a model directory with model.safetensors; the weights are scaled to a sum of 1. OUTPUT
gets the other files of the first. What was learned in one run and in another is kept in part, often
at less cost than training on both (Wortsman et al. 2022, "Model soups"). The temperature and the
null threshold are the first model's: fit them anew.

Needs torch and safetensors.
"""

import argparse
import math
import pathlib
import shutil

from safetensors.torch import load_file, save_file


def part(text):
    """MODEL=WEIGHT as both."""
    folder, _, weight = text.rpartition("=")
    try:
        number = float(weight)
    except ValueError:
        number = 0
    if not folder or not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"{text}: MODEL=WEIGHT with a weight above 0 is expected")
    return pathlib.Path(folder), number


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("models", nargs="+", type=part, metavar="MODEL=WEIGHT")
    arguments = parser.parse_args()
    total = sum(weight for _, weight in arguments.models)
    average = {}
    for folder, weight in arguments.models:
        tensors = load_file(folder / "model.safetensors")
        if average and {name: tensor.shape for name, tensor in tensors.items()} != {
                name: tensor.shape for name, tensor in average.items()}:
            parser.error(f"{folder}: its tensors are not those of {arguments.models[0][0]}")
        for name, tensor in tensors.items():
            average[name] = average.get(name, 0) + tensor.float() * (weight / total)
    shutil.copytree(arguments.models[0][0], arguments.output)
    save_file(average, arguments.output / "model.safetensors", metadata={"format": "pt"})


if __name__ == "__main__":
    main()
