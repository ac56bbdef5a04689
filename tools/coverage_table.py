#!/usr/bin/env python3
"""Makes the table of docs/coverage.md from gcovr's JSON; tools/coverage calls it."""

import argparse
import json
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "bench"))

from peers_lib import machine  # noqa: E402

BEGIN, END = "<!-- made by tools/coverage: begin -->\n", "<!-- end -->\n"
REGION_BEGIN, REGION_END = re.compile(r'^BERTQA_TARGET_BEGIN\("([^"]+)"\)'), "BERTQA_TARGET_END"
APART = "kernels: instruction sets that the processor lacks"


def processor_flags(cpuinfo):
    """What /proc/cpuinfo says that the processor has, without marks inside: "avx512_vnni" is
    "avx512vnni", as compilers write it."""
    found = re.search(r"^flags\s*:(.*)$", cpuinfo, re.MULTILINE)
    return {re.sub(r"[^a-z0-9]", "", flag) for flag in found[1].split()} if found else set()


def foreign_lines(source, flags):
    """The numbers of the lines that are compiled for what the processor lacks."""
    lines, foreign = set(), False
    for number, line in enumerate(source.splitlines(), 1):
        begin = REGION_BEGIN.match(line)
        if begin:
            features = {re.sub(r"[^a-z0-9]", "", name) for name in begin[1].split(",")}
            foreign = not features <= flags
        if foreign:
            lines.add(number)
        if line.startswith(REGION_END):
            foreign = False
    return lines


def room_of(path):
    """src/text/unicode.cc is of the room "text", include/bertqa/qa.h of "include"."""
    parts = Path(path).parts
    return parts[1] if parts[0] == "src" else "tools/bertqa" if parts[0] == "tools" else parts[0]


def best_instance(entries):
    """A line of a template, or of a kernel for several instruction sets, is compiled several times;
    it counts once, as the instance that the tests reach best. (branches, those not taken)
    gcov before GCC 14 lists the branches of all instances together, hundreds at a line; gcovr then
    knows no function for it: such a line counts as a line alone."""
    if any((entry.get("function_name") or "").startswith("<unknown function") for entry in entries):
        return 0, 0

    def key(branches):
        taken = sum(branch["count"] > 0 for branch in branches)
        return taken / len(branches) if branches else 0, taken
    best = max((entry["branches"] for entry in entries), key=key)
    return len(best), sum(branch["count"] == 0 for branch in best)


class Tally:
    """Lines and branches, and how many of them were reached."""

    def __init__(self):
        self.lines = self.lines_reached = self.branches = self.branches_reached = 0

    def add(self, reached, branches, missed):
        """A line."""
        self.lines += 1
        self.lines_reached += reached
        self.branches += branches
        self.branches_reached += branches - missed

    def merge(self, other):
        """Another tally's."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)

    def cells(self):
        """Lines, percent, branches, percent."""
        def percent(part, whole):
            return f"{100 * part / whole:.1f}" if whole else "–"
        return [f"{self.lines:,}", percent(self.lines_reached, self.lines),
                f"{self.branches:,}", percent(self.branches_reached, self.branches)]


def tally(report, sources, flags):
    """({room: Tally}, ["path:line: what was not reached"])"""
    rooms, missing = defaultdict(Tally), []
    for file in sorted(report["files"], key=lambda file: file["file"]):
        path, by_line = file["file"], defaultdict(list)
        foreign = foreign_lines(sources(path), flags) if "/kernels/" in path else set()
        for line in file["lines"]:
            if not line.get("gcovr/excluded") and not line.get("gcovr/noncode"):
                by_line[line["line_number"]].append(line)
        for number, entries in sorted(by_line.items()):
            reached = any(entry["count"] > 0 for entry in entries)
            branches, missed = best_instance(entries)
            rooms[APART if number in foreign else room_of(path)].add(reached, branches, missed)
            if number not in foreign and (missed or not reached):
                missing.append(f"{path}:{number}: " + (f"{missed} of {branches} branches" if reached
                                                       else "not reached"))
    return rooms, missing


def table(rooms):
    """Markdown; the sum leaves out what stands apart."""
    total = Tally()
    for room, one in rooms.items():
        if room != APART:
            total.merge(one)
    rows = [(room, one) for room, one in sorted(rooms.items()) if room != APART]
    rows.append(("**in all**", total))
    if APART in rooms:
        rows.append((APART, rooms[APART]))
    head = ["room", "lines", "reached %", "branches", "reached %"]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (
        head, ["---"] + ["---:"] * 4, *([name, *one.cells()] for name, one in rows))) + "\n"


def with_table(page, text):
    """The page with what stands between the marks replaced."""
    before, rest = page.split(BEGIN)
    return before + BEGIN + text + END + rest.split(END, 1)[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("report", type=Path, help="gcovr's JSON")
    parser.add_argument("--page", type=Path, required=True, help="the page whose table is replaced")
    parser.add_argument("--uncovered", type=Path, required=True, help="where the list goes")
    options = parser.parse_args()
    rooms, missing = tally(json.loads(options.report.read_text(encoding="utf-8")),
                           lambda path: (ROOT / path).read_text(encoding="utf-8"),
                           processor_flags(Path("/proc/cpuinfo").read_text(encoding="utf-8")))
    compiler = subprocess.run(["g++", "--version"], capture_output=True, text=True, check=True)
    text = f"{compiler.stdout.splitlines()[0]}; {machine.describe()}.\n\n{table(rooms)}"
    options.page.write_text(with_table(options.page.read_text(encoding="utf-8"), text),
                            encoding="utf-8")
    options.uncovered.write_text("".join(line + "\n" for line in missing), encoding="utf-8")
    print(table(rooms))


if __name__ == "__main__":
    main()
