"""The ratios that the project has set itself, from the rows of one table."""

from dataclasses import dataclass

from peers_lib.machine import has_vnni
from peers_lib.summary import best, keeps_quality, reference_of


@dataclass(frozen=True)
class Ratio:
    """How many times one contender is ahead of another."""

    what: str
    who: str
    ratio: float
    least: float
    aim: float

    @property
    def verdict(self):
        """In one word."""
        if self.ratio >= self.aim:
            return "aim met"
        return "met" if self.ratio >= self.least else "missed"


def ratio_of(what, ours, other, least, aim):
    """[Ratio] of two rows by their steady speed; [] if one is not there."""
    if ours is None or other is None:
        return []
    return [Ratio(what, f"{ours.name} : {other.name}", ours.steady / other.steady, least, aim)]


def ratios_of(rows):
    """Every ratio that the rows allow."""
    by_name = {row.name: row for row in rows}
    ours = [row for row in rows if row.ours]
    peers = [row for row in rows if not row.ours]
    found = []
    for precision in ("fp32", "bf16", "int8"):
        found += ratio_of(f"best peer at the same precision, {precision}",
                          by_name.get(f"bertqa-{precision}"),
                          best([row for row in peers if row.precision == precision]), 1.15, 1.5)
    front = best([row for row in ours if keeps_quality(row, rows)])
    found += ratio_of("best mode against any peer's best mode", front,
                      best([row for row in peers if keeps_quality(row, rows)]), 1.2, 1.6)
    found += ratio_of("transformers' pipeline", front, by_name.get("pipeline"), 5, 10)
    found += ratio_of("the TorchScript graph", front, by_name.get("torchscript"), 3, 5)
    least, aim = (2, 3) if has_vnni() else (1.5, 1.8)
    found += ratio_of("int8 against fp32 of ours", by_name.get("bertqa-int8"),
                      by_name.get("bertqa-fp32"), least, aim)
    return found + first_answer_ratios(rows)


def first_answer_ratios(rows):
    """Cold processes: against transformers, and the quickest peer with the same answer."""
    started = [row for row in rows if row.first_seconds is not None]
    reference = reference_of(started)
    if reference is None:
        return []
    same = [row for row in started if row.first_answer == reference.first_answer]
    ours = min((row for row in same if row.ours), key=lambda row: row.first_seconds, default=None)
    peers = [row for row in same if not row.ours]
    pipeline = [row for row in started if row.name == "pipeline"]
    found = []
    for what, group, least, aim in (
            ("first answer, against transformers' pipeline", pipeline, 5, 10),
            ("first answer, against the quickest peer", peers, 1, 1.5)):
        other = min(group, key=lambda row: row.first_seconds, default=None)
        if ours and other:
            found.append(Ratio(what, f"{ours.name} : {other.name}",
                               other.first_seconds / ours.first_seconds, least, aim))
    return found
