#!/usr/bin/env python3
"""Adds unanswerable questions: real ones, asked about another paragraph of the same article.

add_unanswerable.py TRAIN OUTPUT [--share S] [--seed N]

TRAIN is a SQuAD file. Of a question drawn at random, the paragraph that shares most words with it is
taken, out of those of its article that hold none of its answers; so a model learns that familiar
words are not an answer yet. Goes on until S of all questions have no answer, or none are left to
draw. The copies' ids end in "-elsewhere".
"""

import argparse
import collections
import json
import random
import re


def words(text):
    return set(re.findall(r"\w+", text.lower()))


def elsewhere(question, home, paragraphs):
    """The paragraph to ask the question about, or None."""
    asked = words(question["question"])
    answers = [answer["text"].lower() for answer in question["answers"]]
    best, best_shared = None, 2  # two common words are no familiar text
    for paragraph in paragraphs:
        if paragraph is home:
            continue
        context = paragraph["context"].lower()
        shared = len(asked & words(context))
        if shared > best_shared and not any(answer in context for answer in answers):
            best, best_shared = paragraph, shared
    return best


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("train")
    parser.add_argument("output")
    parser.add_argument("--share", type=float, default=0.2, help="of all questions [0.2]")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with open(arguments.train, encoding="utf-8") as file:
        document = json.load(file)
    answerable = []
    total = unanswerable = 0
    for article in document["data"]:
        for paragraph in article["paragraphs"]:
            for question in paragraph["qas"]:
                total += 1
                if question["answers"]:
                    answerable.append((question, paragraph, article["paragraphs"]))
                else:
                    unanswerable += 1
    random.Random(arguments.seed).shuffle(answerable)
    added = collections.defaultdict(list)
    count = 0
    for question, home, paragraphs in answerable:
        if unanswerable + count >= arguments.share * (total + count):
            break
        place = elsewhere(question, home, paragraphs)
        if place is not None:
            added[id(place)].append({"id": f"{question['id']}-elsewhere",
                                     "question": question["question"],
                                     "answers": [], "is_impossible": True})
            count += 1
    for article in document["data"]:
        for paragraph in article["paragraphs"]:
            paragraph["qas"].extend(added.get(id(paragraph), []))
    with open(arguments.output, "w", encoding="utf-8") as file:
        json.dump(document, file, ensure_ascii=False)
    print(f"{count} questions added: {unanswerable + count} of {total + count} have no answer")


if __name__ == "__main__":
    main()
