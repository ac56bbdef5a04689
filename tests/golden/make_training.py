#!/usr/bin/env python3
"""Writes tests/golden/training_windows.jsonl: what training labels are, by transformers.

make_training.py VOCAB EXAMPLES OUTPUT

VOCAB is vocab.txt of an uncased model, EXAMPLES JSONL as `bertqa train` takes it. For each of some
window settings, each example is tokenized by BertTokenizerFast with overflowing windows and
labelled by the rule of Hugging Face's question-answering tutorial (course, chapter 7, "Processing
the training data"): the token positions of the answer if the window holds it whole, else 0 and 0.
"""

import argparse
import json

from transformers import BertTokenizerFast

# (max_length, stride): the tutorial's, its small ones for show, and some that cut often.
SETTINGS = [(384, 128), (100, 50), (100, 20), (40, 0)]


def label(offsets, sequence_ids, begin, end):
    """Start and end position of the answer [begin, end) in one window."""
    context = [i for i, sequence in enumerate(sequence_ids) if sequence == 1]
    if offsets[context[0]][0] > begin or offsets[context[-1]][1] < end:
        return [0, 0]
    first = max(i for i in context if offsets[i][0] <= begin)
    last = min(i for i in context if offsets[i][1] >= end)
    return [first, last]


def windows(tokenizer, example, max_length, stride):
    encoding = tokenizer(example["question"].strip(), example["context"], max_length=max_length,
                         truncation="only_second", stride=stride,
                         return_overflowing_tokens=True, return_offsets_mapping=True)
    begin = example["answer_start"]
    end = begin + len(example["answer_text"])
    return [{"ids": ids,
             "positions": label(encoding["offset_mapping"][i], encoding.sequence_ids(i), begin, end)}
            for i, ids in enumerate(encoding["input_ids"])]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("vocab")
    parser.add_argument("examples")
    parser.add_argument("output")
    options = parser.parse_args()
    tokenizer = BertTokenizerFast(vocab_file=options.vocab, do_lower_case=True)
    with open(options.examples, encoding="utf-8") as lines:
        examples = [json.loads(line) for line in lines]
    with open(options.output, "w", encoding="utf-8") as output:
        for max_length, stride in SETTINGS:
            for example in examples:
                record = {"id": example["id"], "window_tokens": max_length, "overlap_tokens": stride,
                          "windows": windows(tokenizer, example, max_length, stride)}
                output.write(json.dumps(record, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
