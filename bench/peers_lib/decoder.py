"""The best span of each window of a batch, exhaustively and without loops."""

import numpy as np

MAX_ANSWER = 30


def best_spans(rows, start, end):
    """[(start + end logit, first token, last token)] of each row; start, end: logits [B, T].

    Tokens count from the window's first context token. Of equal spans the earliest is taken.
    """
    batch, length = start.shape
    firsts = np.full((batch, length), -np.inf, np.float32)
    lasts = np.full((batch, length + MAX_ANSWER - 1), -np.inf, np.float32)
    for i, row in enumerate(rows):
        inside = slice(row.first, row.first + row.end - row.begin)
        lasts[i, inside] = end[i, inside]
        allowed = start[i, inside]
        firsts[i, inside] = allowed if row.owned is None else np.where(row.owned, allowed, -np.inf)
    reach = np.lib.stride_tricks.sliding_window_view(lasts, MAX_ANSWER, axis=1)  # [B, T, answer]
    sums = (firsts[:, :, None] + reach).reshape(batch, -1)
    places = sums.argmax(axis=1)
    found = []
    for i, (row, place) in enumerate(zip(rows, places)):
        first, length_less_one = divmod(int(place), MAX_ANSWER)
        first -= row.first
        found.append((float(sums[i, place]), first, first + length_less_one))
    return found
