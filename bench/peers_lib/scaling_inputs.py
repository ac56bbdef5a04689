"""Records and long contexts made from the paragraphs and questions of a SQuAD file."""

import json
import random

SEED = 20250602


def distinct_records(examples, count):
    """Yields so many records, no two of the same question and context; most ask something that
    their context does not answer, which takes the same time."""
    questions = list(dict.fromkeys(example["question"] for example in examples))
    contexts = list(dict.fromkeys(example["context"] for example in examples))
    if count > len(questions) * len(contexts):
        raise ValueError(f"{count} records are wanted; {len(questions)} questions and "
                         f"{len(contexts)} contexts make fewer")
    generator, taken = random.Random(SEED), set()
    while len(taken) < count:
        pair = (generator.randrange(len(questions)), generator.randrange(len(contexts)))
        if pair not in taken:
            taken.add(pair)
            yield {"id": str(len(taken)), "question": questions[pair[0]],
                   "context": contexts[pair[1]]}


def write_records(path, examples, count):
    """A JSON Lines file of distinct records, written as they are made."""
    with open(path, "w", encoding="utf-8") as file:
        for record in distinct_records(examples, count):
            file.write(json.dumps(record, ensure_ascii=False) + "\n")


def long_text(examples, words):
    """So many words of running text: all paragraphs in the file's order, then, if they are too
    few, again in other orders."""
    contexts = list(dict.fromkeys(example["context"] for example in examples))
    generator, found = random.Random(SEED), []
    while len(found) < words:
        for context in contexts:
            found.extend(context.split())
        generator.shuffle(contexts)
    return " ".join(found[:words])
