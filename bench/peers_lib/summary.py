"""Medians of the repetitions: one row a contender."""

from dataclasses import dataclass
from statistics import median
from typing import Optional

from peers_lib import scoring

F1_LEEWAY = 0.3


@dataclass
class Row:
    """A contender's figures; None where there are none."""

    name: str
    label: str
    precision: str
    ours: bool
    repetitions: int
    steady: float  # questions a second after the model is loaded
    whole: float  # questions a second from the start of the process to its end
    spread: tuple  # the slowest and the quickest repetition's steady figure
    peak_mib: float
    exact: Optional[float]
    f1: Optional[float]
    agreement: Optional[float]  # per cent of the answers that are the reference's
    first_seconds: Optional[float]
    first_answer: Optional[str]


def row_of(contender, questions, runs, firsts, same, real_weights):
    """The medians of one contender's repetitions."""
    speeds = [questions / run["run_seconds"] for run in runs]
    resolved = next((run["precision"] for run in runs if "precision" in run), None)
    label = contender.label
    if contender.precision == "auto" and resolved:
        label += f" ({resolved})"
    return Row(
        name=contender.name, label=label, precision=contender.precision, ours=contender.ours,
        repetitions=len(runs), steady=median(speeds), spread=(min(speeds), max(speeds)),
        whole=questions / median(run["seconds"] for run in runs),
        peak_mib=median(run["peak_mib"] for run in runs),
        exact=median(run["exact"] for run in runs) if real_weights else None,
        f1=median(run["f1"] for run in runs) if real_weights else None, agreement=same,
        first_seconds=median(first["seconds"] for first in firsts) if firsts else None,
        first_answer=firsts[0]["answer"] if firsts else None)


def rows_of(session):
    """A row for each contender that has run, in the order of the table of contenders."""
    answers = session.answers()
    reference = answers.get("eager") or answers.get("bertqa-fp32")
    rows = []
    for contender in session.contenders:
        runs = session.results.values("run", contender.name)
        if runs:
            same = (scoring.agreement(answers[contender.name], reference)
                    if reference and contender.name in answers else None)
            rows.append(row_of(contender, session.questions, runs,
                               session.results.values("first", contender.name), same,
                               session.plan.real_weights))
    return rows


def reference_of(rows):
    """The row whose F1 and answers the others are held against: transformers in fp32."""
    by_name = {row.name: row for row in rows}
    return by_name.get("eager") or by_name.get("bertqa-fp32")


def keeps_quality(row, rows):
    """Whether F1 is at most 0.3 below fp32; without real weights every row counts."""
    reference = reference_of(rows)
    if row.f1 is None or reference is None:
        return True
    return row.f1 >= reference.f1 - F1_LEEWAY


def best(rows):
    """The quickest row, or None."""
    return max(rows, key=lambda row: row.steady, default=None)
