"""Reading, sampling and writing SQuAD files."""

import json
import random

SEED = 20250601


def read_examples(path):
    """Every question of a SQuAD file as a dict of id, title, context, question and answers."""
    with open(path, encoding="utf-8") as file:
        articles = json.load(file)["data"]
    examples = []
    for article in articles:
        for paragraph in article["paragraphs"]:
            for qa in paragraph["qas"]:
                examples.append({"id": str(qa["id"]), "title": article.get("title", ""),
                                 "context": paragraph["context"], "question": qa["question"],
                                 "answers": qa.get("answers", [])})
    return examples


def without_repeats(examples):
    """The first of each (question, context) pair: a program that caches would gain by repeats."""
    seen, kept = set(), []
    for example in examples:
        pair = (example["question"], example["context"])
        if pair not in seen:
            seen.add(pair)
            kept.append(example)
    return kept


def sample(examples, measured, tuning):
    """Two disjoint samples spread over the file, the same ones for the same file and sizes.

    Tuning questions are drawn first, so that they do not change with the number of measured ones.
    """
    order = list(range(len(examples)))
    random.Random(SEED).shuffle(order)
    if len(order) < tuning + measured:
        raise ValueError(f"{measured} + {tuning} questions are wanted and the file has "
                         f"{len(order)} different ones")
    picked = sorted(order[tuning:tuning + measured])
    return [examples[i] for i in picked], [examples[i] for i in sorted(order[:tuning])]


def write_squad(path, examples):
    """A SQuAD 1.1 file of these examples; neighbours that share a context share a paragraph."""
    articles = []
    for example in examples:
        if not articles or articles[-1]["title"] != example["title"]:
            articles.append({"title": example["title"], "paragraphs": []})
        paragraphs = articles[-1]["paragraphs"]
        if not paragraphs or paragraphs[-1]["context"] != example["context"]:
            paragraphs.append({"context": example["context"], "qas": []})
        paragraphs[-1]["qas"].append({"id": example["id"], "question": example["question"],
                                      "answers": example["answers"]})
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"version": "1.1", "data": articles}, file, ensure_ascii=False)
