#!/usr/bin/env python3
"""Writes training_letters.json, made-up questions, and what transformers' Trainer makes of them.

make_training_curve.py TESTS_GOLDEN_FOLDER

The losses of 50 steps of 8 windows in the file's order, without dropout: training_curve.jsonl.
Needs torch and transformers 4.57.
"""

import json
import pathlib
import random
import subprocess
import sys
import tempfile

QUESTIONS = 400


def make_squad():
    source = random.Random(7)
    paragraphs = []
    for index in range(QUESTIONS):
        words = ["".join(source.choices("abcdefghijklmnopqrstuvwxyz", k=2)) for _ in range(8)]
        # Every tenth context is too long for one window.
        words *= 3 if index % 10 == 9 else 1
        word = source.randrange(len(words))
        answer = {"text": words[word], "answer_start": word * 3}
        paragraphs.append({"context": " ".join(words), "qas": [
            {"id": f"letters-{index}", "question": words[word][0] + " ?", "answers": [answer]}]})
    return {"version": "1.1", "data": [{"title": "letters", "paragraphs": paragraphs}]}


def main():
    folder = pathlib.Path(sys.argv[1])
    tools = pathlib.Path(__file__).resolve().parents[2] / "tools"
    data = folder / "training_letters.json"
    data.write_text(json.dumps(make_squad()) + "\n", encoding="utf-8")
    with tempfile.TemporaryDirectory() as scratch:
        log = pathlib.Path(scratch) / "log.jsonl"
        subprocess.run([sys.executable, tools / "reference_train.py", folder / "models" / "tiny-32",
                        data, "--log", log, "--one-by-one", "--batch-size", "8",
                        "--learning-rate", "1e-3", "--warmup-ratio", "0.1",
                        "--window-tokens", "40", "--overlap-tokens", "8"], check=True)
        lines = [json.loads(line) for line in log.read_text().splitlines()]
    steps = [line for line in lines if "loss" in line][:50]
    with open(folder / "training_curve.jsonl", "w", encoding="utf-8") as output:
        output.writelines(json.dumps(step) + "\n" for step in steps)


if __name__ == "__main__":
    main()
