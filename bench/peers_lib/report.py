"""The Markdown page of one model."""

import datetime

from peers_lib import machine
from peers_lib.markdown import number, table
from peers_lib.options import SLOW_ENGINES
from peers_lib.summary import best, keeps_quality, rows_of
from peers_lib.svg import bars
from peers_lib.targets import ratios_of


def write(session, versions, command):
    """Writes peers-MODEL.md and peers-MODEL.svg to the output folder."""
    rows = rows_of(session)
    out = session.options.out
    out.mkdir(parents=True, exist_ok=True)
    page, plot = out / f"peers-{session.model}.md", out / f"peers-{session.model}.svg"
    plot.write_text(bars(f"{session.plan.title}: questions a second (steady)",
                         [(row.label.strip("*").replace("**", ""), row.steady, row.ours)
                          for row in rows]), encoding="utf-8")
    page.write_text("\n".join((
        heading(session, versions, command, plot.name), figures(rows), notes(session),
        ratios(rows), tuned_settings(session))), encoding="utf-8")
    return page, plot


def heading(session, versions, command, plot):
    """What was run, where and when."""
    listed = ", ".join(f"{name} {version}" for name, version in versions.items())
    return (f"# Peers: {session.plan.title}\n\n"
            f"{session.questions} questions of `{session.options.squad.name}`, no two alike, from "
            f"the file to the written answers; {datetime.date.today().isoformat()}.\n\n"
            f"- {machine.describe()}\n- {listed}\n- `{command}`\n\n"
            f"![questions a second of each contender]({plot})\n")


def figures(rows):
    """The main table."""
    peers = [row for row in rows if not row.ours]
    any_best = best([row for row in peers if keeps_quality(row, rows)])
    cells = []
    for row in rows:
        like = best([peer for peer in peers if peer.precision == row.precision])
        cells.append((
            row.label, number(row.steady), f"{row.spread[0]:.1f}–{row.spread[1]:.1f}",
            number(row.whole), number(row.steady / like.steady if like else None, 2),
            number(row.steady / any_best.steady if any_best else None, 2),
            number(row.exact, 2), number(row.f1, 2), number(row.agreement),
            number(row.peak_mib, 0), number(row.first_seconds, 3), str(row.repetitions)))
    return table(("contender", "questions/s", "range", "with start and load",
                  "to the best peer at its precision", "to the best peer of any", "exact", "F1",
                  "same answers, %", "peak MiB", "first answer, s", "runs"), cells)


def notes(session):
    """How to read the table."""
    slow = [c.name for c in session.contenders if c.engine in SLOW_ENGINES]
    text = ("Medians; each run is a fresh process, and contenders alternate. *Questions/s*: after "
            "the model is loaded, from opening the file to the answers written. *With start and "
            "load*: the whole process. *Best peer of any*: the quickest with an F1 at most 0.3 "
            "below fp32. *Same answers*: as transformers in fp32, character by character. *First "
            "answer*: a process that answers one question on one paragraph, model files in the "
            "page cache.")
    if not session.plan.real_weights:
        text += (" The weights are random, so there is no F1, every mode counts for the best peer, "
                 "and *same answers* tells little: the scores lie close together.")
    if session.plan.slow_repetitions < session.options.repetitions and slow:
        text += f" {', '.join(slow)} ran fewer times, to save time."
    return text + "\n"


def ratios(rows):
    """The targets."""
    cells = [(r.what, r.who, number(r.ratio, 2), number(r.least, 2), number(r.aim, 2), r.verdict)
             for r in ratios_of(rows)]
    return "## Targets\n\n" + table(("", "who", "ratio", "at least", "aim", ""), cells)


def tuned_settings(session):
    """What tuning found for each peer."""
    cells = []
    for contender in session.contenders:
        tuned = session.tuned.get("settings", contender.name)
        if tuned and contender.tuned:
            settings = ", ".join(f"{key} {value}" for key, value in tuned["settings"].items())
            cells.append((contender.label, settings, number(tuned["seconds"], 2),
                          str(len(tuned["trials"]))))
    return (f"## Settings\n\nThe best on {len(session.tuning)} other questions; windows sorted by "
            "length, padded to the longest of the batch and to *multiple*. Seconds: forward work "
            "over those questions, everything warm.\n\n"
            + table(("peer", "settings", "seconds", "trials"), cells))
