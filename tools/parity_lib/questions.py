"""The questions that both sides answer: a SQuAD file, by default a small one with hard texts."""

import json
from pathlib import Path

DEFAULT = Path(__file__).with_name("questions.json")


def read(path=None):
    """[(question, context)] of a SQuAD file. Of the default one also all its texts in a row, which
    take several windows."""
    with open(path or DEFAULT, encoding="utf-8") as file:
        paragraphs = [p for article in json.load(file)["data"] for p in article["paragraphs"]]
    pairs = [(qa["question"], p["context"]) for p in paragraphs for qa in p["qas"]]
    if path is None:
        together = "\n".join(p["context"] for p in paragraphs)
        pairs.append((pairs[0][0], together))
    return pairs
