"""Exact match and F1 by the rules of SQuAD 1.1, and agreement with other answers."""

import collections
import re
import string

PUNCTUATION = frozenset(string.punctuation)


def normalize(text):
    """Lower case, without punctuation, articles and repeated spaces."""
    text = "".join(c for c in text.lower() if c not in PUNCTUATION)
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())


def f1_of(prediction, truth):
    """Harmonic mean of the precision and the recall of words."""
    found, wanted = normalize(prediction).split(), normalize(truth).split()
    shared = sum((collections.Counter(found) & collections.Counter(wanted)).values())
    if shared == 0:
        return 0.0
    precision, recall = shared / len(found), shared / len(wanted)
    return 2 * precision * recall / (precision + recall)


def score(examples, predictions):
    """(exact match, F1) in per cent; a question without a prediction scores 0."""
    exact = f1 = 0.0
    for example in examples:
        truths = [answer["text"] for answer in example["answers"]]
        prediction = predictions.get(example["id"])
        if prediction is None or not truths:
            continue
        exact += max(normalize(prediction) == normalize(truth) for truth in truths)
        f1 += max(f1_of(prediction, truth) for truth in truths)
    return 100 * exact / len(examples), 100 * f1 / len(examples)


def agreement(predictions, reference):
    """Per cent of the reference's questions that have exactly the reference's answer."""
    same = sum(predictions.get(key) == answer for key, answer in reference.items())
    return 100 * same / len(reference)
