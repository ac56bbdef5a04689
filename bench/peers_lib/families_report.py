"""The Markdown page of bench/families."""

import datetime

from peers_lib import machine
from peers_lib.markdown import number, table

HEADER = ("family", "shape of", "layers", "ONNX Runtime, questions/s", "range",
          "bertqa, questions/s", "range", "ours : theirs")


def cells_of(family, rows):
    """A row of the table, from the two contenders' rows."""
    theirs = next(row for row in rows if not row.ours)
    ours = next(row for row in rows if row.ours)
    mark = "" if family.is_fused else " *"
    return (family.title + mark, family.model, str(family.layers),
            number(theirs.steady, 2), spread(theirs), number(ours.steady, 2), spread(ours),
            number(ours.steady / theirs.steady, 2))


def spread(row):
    """The slowest and the quickest repetition."""
    return f"{row.spread[0]:.2f}–{row.spread[1]:.2f}"


def page(results, versions, command, questions, squad):
    """`results`: (family, rows) of each; `questions`: how many of the file `squad`."""
    listed = ", ".join(f"{name} {version}" for name, version in versions.items())
    text = (f"# Families at base size, fp32, against ONNX Runtime\n\n"
            f"{questions} questions of `{squad}`, no two alike, from the file to the written answers, "
            f"models loaded; {datetime.date.today().isoformat()}.\n\n"
            f"- {machine.describe()}\n- {listed}\n- `{command}`\n\n"
            + table(HEADER, [cells_of(family, rows) for family, rows in results])
            + "\nMedians; each run is a fresh process, and the two alternate. Both get the same weights "
            "(random: speed does not depend on them) and the same windows, of the bundled vocabulary "
            "for all families. ONNX Runtime has the graph that its transformer optimiser makes, sorted "
            "windows padded to the longest of a batch, and the batch size and layout of threads that "
            "are best on other questions; `bertqa` has its defaults.\n")
    if not all(family.is_fused for family, _ in results):
        text += ("\n\\* Its optimiser fuses GELU and LayerNorm, but does not know this family's attention, "
                 "or not that of every layer, and runs that operator by operator.\n")
    return text
