"""Bar plots as SVG text, readable on light and dark pages."""

from xml.sax.saxutils import escape

WIDTH, LEFT, RIGHT, ROW, TOP = 900, 360, 80, 26, 48
STYLE = ("text{font:14px sans-serif;fill:#24292f}.title{font-weight:bold}.peer{fill:#8c959f}"
         ".ours{fill:#1f883d}@media(prefers-color-scheme:dark){text{fill:#d0d7de}"
         ".ours{fill:#3fb950}}")


def bars(title, entries):
    """Horizontal bars; entries: (label, value, whether it is ours)."""
    longest = max((value for _, value, _ in entries), default=0) or 1
    height = TOP + ROW * len(entries) + 12
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
             f'width="{WIDTH}" height="{height}" role="img">',
             f"<title>{escape(title)}</title><style>{STYLE}</style>",
             f'<text class="title" x="12" y="26">{escape(title)}</text>']
    for index, (label, value, ours) in enumerate(entries):
        top = TOP + ROW * index
        width = (WIDTH - LEFT - RIGHT) * value / longest
        parts.append(f'<text x="{LEFT - 10}" y="{top + 15}" text-anchor="end">{escape(label)}'
                     f'</text><rect class="{"ours" if ours else "peer"}" x="{LEFT}" y="{top}" '
                     f'width="{width:.1f}" height="{ROW - 6}"/>'
                     f'<text x="{LEFT + width + 6:.1f}" y="{top + 15}">{value:,.1f}</text>')
    return "\n".join(parts) + "\n</svg>\n"
