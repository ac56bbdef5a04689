#!/usr/bin/env python3
"""A plain PyTorch reader, to compare `bertqa eval` with: same windows, same max-context rule.

Usage: reference_eval.py CHECKPOINT_DIR SQUAD_FILE [--threads N] [--batch N] [--predictions FILE]

Needs: transformers 4.57.6, torch 2.13.0. Prints exact match and F1 (SQuAD 1.1 rules), time,
questions a second and peak memory as one line of JSON.

The reader is the obvious one: windows of 384 tokens with 128 tokens of overlap, padded to the
longest of a batch, exhaustive search over spans of at most 30 tokens whose window is the
max-context window of their first token; the highest start + end logit wins.
"""

import argparse
import collections
import json
import re
import resource
import string
import time

import torch
from transformers import BertForQuestionAnswering, BertTokenizerFast

WINDOW, OVERLAP, MAX_QUESTION, MAX_ANSWER = 384, 128, 64, 30


def windows_of(context_tokens, capacity):
    """Yields [begin, end) slices of the context."""
    begin = 0
    while True:
        end = min(begin + capacity, context_tokens)
        yield begin, end
        if end == context_tokens:
            return
        begin += capacity - OVERLAP


def max_context_window(token, slices):
    def rank(index):
        begin, end = slices[index]
        return min(token - begin, end - 1 - token) + 0.01 * (end - begin)

    return max(range(len(slices)), key=lambda i: (holds(slices[i], token), rank(i), -i))


def holds(piece, token):
    return piece[0] <= token < piece[1]


def features_of(example, tokenizer):
    question = tokenizer(example["question"], add_special_tokens=False)["input_ids"][:MAX_QUESTION]
    encoded = tokenizer(example["context"], add_special_tokens=False, return_offsets_mapping=True)
    ids, offsets = encoded["input_ids"], encoded["offset_mapping"]
    if not ids:
        return [], offsets
    slices = list(windows_of(len(ids), WINDOW - 3 - len(question)))
    owners = [max_context_window(token, slices) for token in range(len(ids))]
    features = []
    for index, (begin, end) in enumerate(slices):
        row = [tokenizer.cls_token_id, *question, tokenizer.sep_token_id, *ids[begin:end],
               tokenizer.sep_token_id]
        features.append({"ids": row, "first": len(question) + 2, "begin": begin, "end": end,
                         "owned": [owners[token] == index for token in range(begin, end)]})
    return features, offsets


def forward(model, features, batch):
    for start in range(0, len(features), batch):
        rows = features[start:start + batch]
        longest = max(len(row["ids"]) for row in rows)
        ids = torch.zeros(len(rows), longest, dtype=torch.long)
        mask = torch.zeros_like(ids)
        segments = torch.zeros_like(ids)
        for i, row in enumerate(rows):
            ids[i, :len(row["ids"])] = torch.tensor(row["ids"])
            mask[i, :len(row["ids"])] = 1
            segments[i, row["first"]:len(row["ids"])] = 1
        with torch.inference_mode():
            out = model(input_ids=ids, attention_mask=mask, token_type_ids=segments)
        for i, row in enumerate(rows):
            size = row["end"] - row["begin"]
            row["start"] = out.start_logits[i, row["first"]:row["first"] + size]
            row["stop"] = out.end_logits[i, row["first"]:row["first"] + size]


def best_span(features):
    """(logit, first token, last token) of the whole context."""
    best = (float("-inf"), 0, 0)
    for row in features:
        size = row["end"] - row["begin"]
        total = row["start"][:, None] + row["stop"][None, :]
        allowed = torch.ones(size, size).triu().tril(MAX_ANSWER - 1).bool()
        allowed &= torch.tensor(row["owned"])[:, None]
        total = total.masked_fill(~allowed, float("-inf"))
        value, place = total.flatten().max(0)
        if value.item() > best[0]:
            first, last = divmod(place.item(), size)
            best = (value.item(), row["begin"] + first, row["begin"] + last)
    return best


def normalize(text):
    text = "".join(c for c in text.lower() if c not in set(string.punctuation))
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())


def f1_of(prediction, truth):
    ours, theirs = normalize(prediction).split(), normalize(truth).split()
    same = sum((collections.Counter(ours) & collections.Counter(theirs)).values())
    if same == 0:
        return 0.0
    precision, recall = same / len(ours), same / len(theirs)
    return 2 * precision * recall / (precision + recall)


def examples_of(path):
    with open(path, encoding="utf-8") as file:
        for article in json.load(file)["data"]:
            for paragraph in article["paragraphs"]:
                for qa in paragraph["qas"]:
                    yield {"id": qa["id"], "question": qa["question"],
                           "context": paragraph["context"],
                           "answers": [a["text"] for a in qa["answers"]]}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint")
    parser.add_argument("squad")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--predictions")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)

    begin = time.perf_counter()
    tokenizer = BertTokenizerFast.from_pretrained(options.checkpoint)
    tokenizer.backend_tokenizer.encode_special_tokens = True
    model = BertForQuestionAnswering.from_pretrained(options.checkpoint, dtype=torch.float32).eval()
    loaded = time.perf_counter()

    predictions, exact, f1 = {}, 0.0, 0.0
    examples = list(examples_of(options.squad))
    for start in range(0, len(examples), options.batch):
        group = [(e, *features_of(e, tokenizer)) for e in examples[start:start + options.batch]]
        forward(model, [row for _, features, _ in group for row in features], options.batch)
        for example, features, offsets in group:
            answer = ""
            if features:
                _, first, last = best_span(features)
                answer = example["context"][offsets[first][0]:offsets[last][1]]
            predictions[example["id"]] = answer
            exact += max(normalize(answer) == normalize(a) for a in example["answers"])
            f1 += max(f1_of(answer, a) for a in example["answers"])
    seconds = time.perf_counter() - loaded

    if options.predictions:
        with open(options.predictions, "w", encoding="utf-8") as file:
            json.dump(predictions, file, ensure_ascii=False)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"exact": 100 * exact / len(examples), "f1": 100 * f1 / len(examples),
                      "total": len(examples), "load_seconds": round(loaded - begin, 2),
                      "seconds": round(seconds, 2),
                      "questions_per_second": round(len(examples) / seconds, 1),
                      "peak_memory_mib": round(peak)}))


if __name__ == "__main__":
    main()
