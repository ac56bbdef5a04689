"""Markdown tables."""


def table(header, rows):
    """A table; the first column is left-aligned, the others right."""
    rule = ["---"] + ["---:"] * (len(header) - 1)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (header, rule, *rows)) + "\n"


def number(value, digits=1):
    """A figure, or a dash where there is none."""
    return "–" if value is None else f"{value:,.{digits}f}"
