"""What two sides say of one question, compared; a report for each checkpoint. Nothing but lists."""

from dataclasses import dataclass, field
from typing import Optional

WINDOWS = "windows"  # a difference of this kind leaves nothing else to compare


@dataclass
class Window:
    """One model input. Spans count code points; special tokens have none."""

    ids: list
    spans: list  # [T] of (begin, end) or None; question and context each in their own text
    logits: dict  # position -> (start, end), of the positions that a side tells


@dataclass
class Reading:
    """What one side makes of a question."""

    windows: list
    answer: Optional[tuple]  # (begin, end) in the context
    logit: float  # of the answer: start + end


@dataclass
class Report:
    """All questions of one checkpoint; `differences` has a line for each thing that is not equal."""

    family: str
    model: str
    examples: int = 0
    ids_equal: int = 0
    offsets_equal: int = 0
    answers_equal: int = 0
    largest_logit_difference: float = 0.0
    differences: list = field(default_factory=list)

    def holds(self, tolerance):
        """Whether everything is equal and logits are within the bound."""
        return (self.examples > 0
                and self.examples == self.ids_equal == self.offsets_equal == self.answers_equal
                and self.largest_logit_difference <= tolerance)


def without_space(text, span):
    """A span without the white space at its ends; None if it holds nothing else. U+200B becomes a
    space in SentencePiece's usual rules."""
    begin, end = span
    while begin < end and (text[begin].isspace() or text[begin] in "\u2581\u200b"):
        begin += 1
    while end > begin and (text[end - 1].isspace() or text[end - 1] == "\u200b"):
        end -= 1
    return (begin, end) if begin < end else None


def first_difference(ours, theirs):
    """The first index at which two lists differ, or None."""
    for index, pair in enumerate(zip(ours, theirs)):
        if pair[0] != pair[1]:
            return index
    return None if len(ours) == len(theirs) else min(len(ours), len(theirs))


def compare_ids(ours, theirs):
    """A sentence about the first difference, or None."""
    if len(ours.windows) != len(theirs.windows):
        return f"{WINDOWS}: {len(ours.windows)}, expected {len(theirs.windows)}"
    for number, (one, other) in enumerate(zip(ours.windows, theirs.windows)):
        place = first_difference(one.ids, other.ids)
        if place is not None:
            return (f"window {number}, token {place}: ids {one.ids[place:place + 4]}, "
                    f"expected {other.ids[place:place + 4]}")
    return None


def compare_spans(ours, theirs):
    """The same for spans. Tokens of white space alone have none to compare."""
    for number, (one, other) in enumerate(zip(ours.windows, theirs.windows)):
        for place, (span, expected) in enumerate(zip(one.spans, other.spans)):
            if expected is not None and span != expected:
                return f"window {number}, token {place}: span {span}, expected {expected}"
    return None


def largest_difference(ours, theirs):
    """Over all logits that both tell."""
    return max((abs(mine - expected)
                for one, other in zip(ours.windows, theirs.windows)
                for place, pair in one.logits.items()
                for mine, expected in zip(pair, other.logits[place])), default=0.0)


def same_answer(ours, theirs, tolerance):
    """The same span, or another one whose logit is theirs but for the bound: a tie."""
    return ours.answer == theirs.answer or (
        None not in (ours.answer, theirs.answer) and abs(ours.logit - theirs.logit) <= 2 * tolerance)


def add(report, number, ours, theirs, tolerance):
    """Counts one question. Where ids differ, spans and logits are not asked."""
    report.examples += 1
    found = compare_ids(ours, theirs)
    report.ids_equal += found is None
    if found is None:
        spans = compare_spans(ours, theirs)
        report.offsets_equal += spans is None
        largest = largest_difference(ours, theirs)
        report.largest_logit_difference = max(report.largest_logit_difference, largest)
        loud = f"logits differ by {largest:.2g}" if largest > tolerance else None
        report.differences += [f"question {number}: {text}" for text in (spans, loud) if text]
    else:
        report.differences.append(f"question {number}: {found}")
    if same_answer(ours, theirs, tolerance):
        report.answers_equal += 1
    else:
        report.differences.append(f"question {number}: answer {ours.answer} of logit {ours.logit:.6g}, "
                                  f"expected {theirs.answer} of {theirs.logit:.6g}")
