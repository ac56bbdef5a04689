#!/usr/bin/env python3
"""Drops questions on which a model's confident answer shares no word with the label.

filter_training_data.py TRAIN ANSWERS OUTPUT [--min-probability P]

TRAIN is a SQuAD file, ANSWERS what `bertqa batch TRAIN --no-answer off` wrote. Labels that were
linked to the wrong paragraph, or are wrong otherwise, are among what is dropped. Unanswerable
questions are kept.
"""

import argparse
import json
import re


def words(text):
    return set(re.findall(r"\w+", text.lower()))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("train")
    parser.add_argument("answers")
    parser.add_argument("output")
    parser.add_argument("--min-probability", type=float, default=0.7)
    arguments = parser.parse_args()
    with open(arguments.answers, encoding="utf-8") as file:
        records = [json.loads(line) for line in file]
    answers = {str(record["id"]): record for record in records if "answers" in record}
    with open(arguments.train, encoding="utf-8") as file:
        document = json.load(file)
    kept = dropped = 0
    for article in document["data"]:
        for paragraph in article["paragraphs"]:
            questions = []
            for question in paragraph["qas"]:
                best = answers.get(str(question["id"]), {}).get("answers") or [None]
                labels = [words(answer["text"]) for answer in question["answers"]]
                is_doubtful = (bool(labels) and best[0] is not None
                               and best[0]["probability"] >= arguments.min_probability
                               and not any(label & words(best[0]["answer"]) for label in labels))
                dropped += is_doubtful
                if not is_doubtful:
                    questions.append(question)
            paragraph["qas"] = questions
            kept += len(questions)
        article["paragraphs"] = [paragraph for paragraph in article["paragraphs"]
                                 if paragraph["qas"]]
    with open(arguments.output, "w", encoding="utf-8") as file:
        json.dump(document, file, ensure_ascii=False)
    print(f"{kept} questions kept, {dropped} dropped")


if __name__ == "__main__":
    main()
