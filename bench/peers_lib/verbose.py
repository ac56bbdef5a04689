"""Reads the stage times and counts that `bertqa --verbose` writes."""

import re

SECONDS = ("load", "run")
COUNTS = ("questions", "duplicates", "windows", "tokens")


def figures_of(text):
    """load_seconds, run_seconds, the counts and the precision. Raises ValueError if one of the
    times is missing; counts and precision are left out where the text has none."""
    figures = {}
    for stage in SECONDS:
        found = re.search(rf"(?m)^{stage} +([0-9.]+) s", text)
        if not found:
            raise ValueError(f"bertqa --verbose names no time of {stage}:\n{text[-2000:]}")
        figures[f"{stage}_seconds"] = float(found.group(1))
    for count in COUNTS:
        found = re.search(rf"(?m)^{count} +([0-9]+)\b", text)
        if found:
            figures[count] = int(found.group(1))
    precision = re.search(r"(?m)^precision +(\S+)", text)
    if precision:
        figures["precision"] = precision.group(1)
    return figures
