"""Their side: tokenizer and model as transformers loads them from the folder.

Two things are set right on the tokenizer, as docs/tokenizer.md tells: the names of special tokens are
plain text in a text, and symbols that a SentencePiece model's trainer was given are pieces like
others. Spans are compared without the white space at their ends.
"""

import inspect
import json
from dataclasses import dataclass
from pathlib import Path

import tokenizers
import torch
import transformers

from parity_lib.comparison import Reading, Window, without_space
from reference_eval import best_span, max_context_window

POSITIONS_BEHIND_PADDING = ("roberta", "camembert", "xlm-roberta", "mpnet")
WINDOW, OVERLAP, QUESTION, ANSWER = 384, 128, 64, 30


@dataclass(frozen=True)
class Limits:
    """Numbers of tokens, the same for both sides; small models get a share of their window."""

    window: int
    overlap: int
    question: int
    answer: int = ANSWER


def limits_of(config, window):
    """The usual ones, or what the model's positions allow."""
    longest = getattr(config, "max_position_embeddings", None) or window
    if config.model_type in POSITIONS_BEHIND_PADDING:
        padding = 1 if config.model_type == "mpnet" else config.pad_token_id
        longest -= padding + 1
    window = min(window, longest)
    return Limits(window, min(OVERLAP, window // 4), min(QUESTION, window // 3))


class Reference:
    """A checkpoint folder in fp32 with eager attention."""

    def __init__(self, folder, window=WINDOW):
        self.tokenizer = load_tokenizer(folder)
        self.model = transformers.AutoModelForQuestionAnswering.from_pretrained(
            folder, dtype=torch.float32, attn_implementation="eager", local_files_only=True).eval()
        self.family = self.model.config.model_type
        self.limits = limits_of(self.model.config, window)
        self.suffix = self.special_tokens_at_the_end()

    def special_tokens_at_the_end(self):
        """How many stand behind the context."""
        kinds = self.tokenizer("a", "a").sequence_ids(0)
        return len(kinds) - 1 - max(i for i, kind in enumerate(kinds) if kind == 1)

    def cut(self, question):
        """The question, no longer than the limit, so that both sides get the same text."""
        for kept in range(self.limits.question, 0, -1):
            spans = self.tokenizer(question, add_special_tokens=False,
                                   return_offsets_mapping=True)["offset_mapping"]
            if len(spans) <= self.limits.question:
                break
            question = question[:spans[kept - 1][1]]  # the rest of a word may be more tokens
        return question

    def read(self, question, context):
        """A Reading, and the obvious decoder's answer."""
        encoded = self.tokenizer(question, context, truncation="only_second", padding=False,
                                 max_length=self.limits.window, stride=self.limits.overlap,
                                 return_overflowing_tokens=True, return_offsets_mapping=True)
        rows = [self.row(encoded, index, (question, context))
                for index in range(len(encoded["input_ids"]))]
        features, offsets = features_of(rows, self.limits.overlap)
        logit, *ends = best_span(features)
        first, last = (without_space(context, offsets[end]) or offsets[end] for end in ends)
        return Reading([row["window"] for row in rows], (first[0], last[1]), logit)

    def row(self, encoded, index, texts):
        """One window with its logits, and where the context lies in it."""
        ids, kinds = encoded["input_ids"][index], encoded.sequence_ids(index)
        offsets = encoded["offset_mapping"][index]
        known = inspect.signature(self.model.forward).parameters
        inputs = {name: torch.tensor([encoded[name][index]])
                  for name in ("input_ids", "attention_mask", "token_type_ids")
                  if name in encoded and name in known}
        with torch.inference_mode():
            output = self.model(**inputs)
        start, stop = output.start_logits[0], output.end_logits[0]
        spans = [None if kind is None else without_space(texts[kind], span)
                 for kind, span in zip(kinds, offsets)]
        logits = dict(enumerate(zip(start.tolist(), stop.tolist())))
        places = [place for place, kind in enumerate(kinds) if kind == 1]
        return {"window": Window(ids, spans, logits), "start": start[places], "stop": stop[places],
                "offsets": [tuple(offsets[place]) for place in places]}


def features_of(rows, overlap):
    """What `best_span` takes of each window, and the offsets of all context tokens."""
    slices, offsets = [], []
    for row in rows:
        begin = slices[-1][1] - overlap if slices else 0
        slices.append((begin, begin + len(row["offsets"])))
        offsets[begin:] = row["offsets"]
    owners = [max_context_window(token, slices) for token in range(len(offsets))]
    features = [{"begin": begin, "end": end, "start": row["start"], "stop": row["stop"],
                 "owned": [owners[token] == index for token in range(begin, end)]}
                for index, (row, (begin, end)) in enumerate(zip(rows, slices))]
    return features, offsets


def load_tokenizer(folder):
    """The fast tokenizer, set right."""
    fast = transformers.AutoTokenizer.from_pretrained(folder, use_fast=True, local_files_only=True)
    state = json.loads(fast.backend_tokenizer.to_str())
    if not Path(folder, "tokenizer.json").exists():
        state["added_tokens"] = [token for token in state["added_tokens"] if token["special"]]
    fast._tokenizer = tokenizers.Tokenizer.from_str(json.dumps(state))
    fast._tokenizer.encode_special_tokens = True
    return fast
