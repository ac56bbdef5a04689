"""The reader that all Python peers share: windows, sorted batches, streams, answers.

It does what bertqa does, in numpy: windows of 384 tokens with 128 of overlap, each token answered
from the window with the most context around it, batches of windows of like length.
"""

import queue
import threading

import numpy as np

from peers_lib.decoder import best_spans

WINDOW, OVERLAP, MAX_QUESTION = 384, 128, 64


class Window:
    """One model input and where its context lies."""

    __slots__ = ("ids", "question", "first", "begin", "end", "owned")

    def __init__(self, ids, question, first, begin, end, owned):
        self.ids = ids  # [T]
        self.question = question  # index of the question
        self.first = first  # where the context's tokens begin in ids
        self.begin, self.end = begin, end  # the tokens of the context that it holds
        self.owned = owned  # [end - begin] bool: tokens that this window answers for; None: all


def load_tokenizer(path):
    """The fast tokenizer, with [SEP] and the like in a text as plain text."""
    from tokenizers import Tokenizer
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    tokenizer.encode_special_tokens = True
    return tokenizer


def slices_of(tokens, capacity):
    """[begin, end) of each window over so many context tokens."""
    found, begin = [], 0
    while True:
        end = min(begin + capacity, tokens)
        found.append((begin, end))
        if end == tokens:
            return found
        begin += capacity - OVERLAP


def owners_of(tokens, slices):
    """The window with the most context around each token, the first of equals. [tokens]"""
    position = np.arange(tokens)
    ranks = [np.where((position >= begin) & (position < end),
                      np.minimum(position - begin, end - 1 - position) + 0.01 * (end - begin), -1)
             for begin, end in slices]
    return np.argmax(np.stack(ranks), axis=0)


def windows_of(examples, tokenizer):
    """All windows, and the byte-free (code point) offsets of each question's context."""
    contexts = list(dict.fromkeys(example["context"] for example in examples))
    encoded = dict(zip(contexts, tokenizer.encode_batch(contexts, add_special_tokens=False)))
    questions = tokenizer.encode_batch([example["question"] for example in examples],
                                       add_special_tokens=False)
    cls, sep = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    ids_of = {context: encoding.ids for context, encoding in encoded.items()}
    offsets_of = {context: encoding.offsets for context, encoding in encoded.items()}
    windows, offsets = [], []
    for index, (example, question) in enumerate(zip(examples, questions)):
        head = [cls, *question.ids[:MAX_QUESTION], sep]
        context = ids_of[example["context"]]
        offsets.append(offsets_of[example["context"]])
        slices = slices_of(len(context), WINDOW - 1 - len(head)) if context else []
        owners = owners_of(len(context), slices) if len(slices) > 1 else None
        for place, (begin, end) in enumerate(slices):
            ids = np.array([*head, *context[begin:end], sep], dtype=np.int64)
            owned = None if owners is None else owners[begin:end] == place
            windows.append(Window(ids, index, len(head), begin, end, owned))
    return windows, offsets


def batches_of(windows, size):
    """Batches of windows of like length, the longest first."""
    order = sorted(range(len(windows)), key=lambda i: -len(windows[i].ids))
    return [order[start:start + size] for start in range(0, len(order), size)]


def inputs_of(rows, multiple):
    """(ids, mask, segments), each [B, T], padded to the longest row and a multiple."""
    longest = max(len(row.ids) for row in rows)
    longest = -(-longest // multiple) * multiple
    ids, mask, segments = (np.zeros((len(rows), longest), np.int64) for _ in range(3))
    for i, row in enumerate(rows):
        length = len(row.ids)
        ids[i, :length] = row.ids
        mask[i, :length] = 1
        segments[i, row.first:length] = 1
    return ids, mask, segments


def spans_of(windows, engine, settings):
    """(score, first token, last token) of each window, computed on the settings' streams."""
    spans = [None] * len(windows)
    work = queue.SimpleQueue()
    for batch in batches_of(windows, settings["batch"]):
        work.put(batch)
    failures = []

    def serve(stream):
        try:
            while True:
                batch = work.get_nowait()
                rows = [windows[i] for i in batch]
                start, end = engine.run(stream, *inputs_of(rows, settings.get("multiple", 1)))
                for i, span in zip(batch, best_spans(rows, start, end)):
                    spans[i] = span
        except queue.Empty:
            return
        except Exception as failure:  # handed to the caller's thread
            failures.append(failure)

    threads = [threading.Thread(target=serve, args=(i,)) for i in range(1, settings["streams"])]
    for thread in threads:
        thread.start()
    serve(0)
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return spans


def answers_of(examples, windows, offsets, spans):
    """The best span of each question as text, by the question's id."""
    best = {}
    for window, (value, first, last) in zip(windows, spans):
        if window.question not in best or value > best[window.question][0]:
            best[window.question] = (value, window.begin + first, window.begin + last)
    answers = {}
    for index, example in enumerate(examples):
        answers[example["id"]] = ""
        if index in best:
            _, first, last = best[index]
            places = offsets[index]
            answers[example["id"]] = example["context"][places[first][0]:places[last][1]]
    return answers
