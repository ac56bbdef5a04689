"""One line over logarithmic or linear axes as SVG text, readable on light and dark pages."""

import math
from xml.sax.saxutils import escape

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 390, 90, 40, 66, 60
MOST_DOTS = 30  # more points than these are the line alone
STYLE = ("text{font:14px sans-serif;fill:#24292f}.title{font-weight:bold}"
         ".grid{stroke:#8c959f;stroke-opacity:.35}.line{fill:none;stroke:#1f883d;stroke-width:2}"
         "circle{fill:#1f883d}@media(prefers-color-scheme:dark){text{fill:#d0d7de}"
         ".line{stroke:#3fb950}circle{fill:#3fb950}}")


def decades(values):
    """The powers of ten from just below the smallest value to just above the greatest."""
    low = math.floor(math.log10(min(values)))
    high = max(math.ceil(math.log10(max(values))), low + 1)
    return [10.0 ** power for power in range(low, high + 1)]


def steps(values):
    """Round numbers, some five of them, from 0 to just above the greatest."""
    power = 10.0 ** math.floor(math.log10(max(values) / 4))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= max(values) / 6)
    return [step * i for i in range(math.ceil(max(values) / step) + 1)]


def place(value, marks, begin, end, scale):
    """Where a value lies between the first and the last mark."""
    low, high = scale(marks[0]), scale(marks[-1])
    return begin + (end - begin) * (scale(value) - low) / (high - low)


def line(title, x_title, y_title, points, linear=False):
    """A line through (x, y), all positive; linear axes begin at 0."""
    marks_of, scale = (steps, float) if linear else (decades, math.log10)
    x_marks, y_marks = marks_of([x for x, _ in points]), marks_of([y for _, y in points])
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
             f'width="{WIDTH}" height="{HEIGHT}" role="img">',
             f"<title>{escape(title)}</title><style>{STYLE}</style>",
             f'<text class="title" x="12" y="26">{escape(title)}</text>']
    for mark in x_marks:
        x = place(mark, x_marks, LEFT, right, scale)
        parts.append(f'<line class="grid" x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{bottom}"/>'
                     f'<text x="{x:.1f}" y="{bottom + 20}" text-anchor="middle">{mark:,g}</text>')
    for mark in y_marks:
        y = place(mark, y_marks, bottom, TOP, scale)
        parts.append(f'<line class="grid" x1="{LEFT}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}"/>'
                     f'<text x="{LEFT - 8}" y="{y + 5:.1f}" text-anchor="end">{mark:,g}</text>')
    places = [(place(x, x_marks, LEFT, right, scale), place(y, y_marks, bottom, TOP, scale))
              for x, y in points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    parts.append(f'<polyline class="line" points="{path}"/>')
    if len(places) <= MOST_DOTS:
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4"/>' for x, y in places]
    parts.append(f'<text x="{(LEFT + right) / 2}" y="{HEIGHT - 12}" text-anchor="middle">'
                 f"{escape(x_title)}</text>"
                 f'<text x="{LEFT - 60}" y="{TOP - 18}">{escape(y_title)}</text>')
    return "\n".join(parts) + "\n</svg>\n"
