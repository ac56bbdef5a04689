"""The Markdown page and the plots of bench/scaling, from all that the store has."""

import datetime
from statistics import median

from peers_lib import machine
from peers_lib.markdown import number, table
from peers_lib.scaling import OVERLAP, THREADS_QUESTIONS
from peers_lib.svg import bars
from peers_lib.svg_line import line


def points_of(store, series):
    """[(x, values of its repetitions)] in ascending order."""
    places = sorted({key[1] for key in store.by_key if key[0] == series})
    return [(x, store.values(series, x)) for x in places]


def middle(runs, figure):
    """The median of a figure."""
    return median(run[figure] for run in runs)


def lengths(store, out):
    """Time against the context's length."""
    head, cells, plot = store.get("head"), [], []
    for _, runs in points_of(store, "length"):
        windows = runs[0]["windows"]
        tokens = runs[0]["tokens"] - windows * head - OVERLAP * (windows - 1)
        seconds = middle(runs, "run_seconds")
        cells.append((f"{tokens:,}", f"{windows:,}", number(seconds, 3),
                      number(middle(runs, "seconds"), 3), number(1e6 * seconds / tokens, 1),
                      number(middle(runs, "peak_mib"), 0), str(len(runs))))
        plot.append((tokens, max(seconds, 1e-3)))
    (out / "scaling-length.svg").write_text(line(
        "One question: seconds against the context's tokens", "tokens", "seconds", plot),
        encoding="utf-8")
    return ("## Length of the context\n\nOne question on one text.\n\n"
            "![seconds against tokens](scaling-length.svg)\n\n"
            + table(("tokens", "windows", "seconds", "whole process", "µs a token", "peak MiB",
                     "runs"), cells))


def records(store, out):
    """Time and memory against the number of records."""
    cells, plot = [], []
    for count, runs in points_of(store, "records"):
        cells.append((f"{count:,}", number(middle(runs, "run_seconds"), 3),
                      number(count / middle(runs, "run_seconds")),
                      number(middle(runs, "peak_mib")), str(len(runs))))
        plot.append((count, middle(runs, "peak_mib")))
    (out / "scaling-records.svg").write_text(line(
        "Peak memory against the number of records", "records", "MiB", plot), encoding="utf-8")
    return ("## Number of records\n\nNo two records have the same question and context.\n\n"
            "![memory against records](scaling-records.svg)\n\n"
            + table(("records", "seconds", "records/s", "peak MiB", "runs"), cells))


def threads(store, out):
    """Speed against threads."""
    cells, plot, single = [], [], None
    for count, runs in points_of(store, "threads"):
        speed = THREADS_QUESTIONS / middle(runs, "run_seconds")
        single = single or speed / count
        cells.append((str(count), number(speed), number(speed / single, 2),
                      number(middle(runs, "peak_mib"), 0), str(len(runs))))
        plot.append((f"{count} thread{'s' if count > 1 else ''}", speed, True))
    (out / "scaling-threads.svg").write_text(bars("Records a second by threads", plot),
                                             encoding="utf-8")
    return (f"## Threads\n\n{THREADS_QUESTIONS} records.\n\n"
            "![records a second by threads](scaling-threads.svg)\n\n"
            + table(("threads", "records/s", "times one thread", "peak MiB", "runs"), cells))


SERIES = {"length": lengths, "records": records, "threads": threads}


def write(store, options, command):
    """Writes scaling.md and a plot of each series that was measured; the page's path."""
    options.out.mkdir(parents=True, exist_ok=True)
    precision = next((value["precision"] for key, value in store.by_key.items()
                      if key[0] in SERIES and "precision" in value), options.precision)
    parts = [f"# Scaling of `bertqa`\n\n{machine.describe()}; {datetime.date.today().isoformat()}; "
             f"precision {options.precision}"
             + (f" ({precision})" if precision != options.precision else "")
             + f"; `{command}`. Medians of fresh processes; texts and records are made from "
             f"`{options.squad.name}`.\n"]
    parts += [make(store, options.out) for series, make in SERIES.items()
              if points_of(store, series)]
    page = options.out / "scaling.md"
    page.write_text("\n".join(parts), encoding="utf-8")
    return page
