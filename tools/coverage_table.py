#!/usr/bin/env python3
"""Makes the table of docs/coverage.md from what llvm-cov exports; tools/coverage calls it."""

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
OURS = ("src/", "include/", "tools/")
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


def read_lines(lcov):
    """{path: {line: executions}} and {path: lines with branches} of llvm-cov's lcov."""
    lines, branching, path = defaultdict(dict), defaultdict(set), ""
    for entry in lcov.splitlines():
        kind, _, rest = entry.partition(":")
        if kind == "SF":
            path = rest
        elif kind == "DA":
            number, count = rest.split(",")[:2]
            lines[path][int(number)] = int(count)
        elif kind == "BRDA":
            branching[path].add(int(rest.split(",")[0]))
    return lines, branching


def read_branches(export, branching):
    """{path: {line: [executions of each way]}} of llvm-cov's JSON. A condition of a template has an
    entry for each instance; it counts once, by its place, as their sum. What the compiler decides
    (`if constexpr`) has no branch in lcov, and two zeros here."""
    found = {}
    for file in export["data"][0]["files"]:
        path, places = file["filename"], defaultdict(lambda: [0, 0])
        for *place, when_true, when_false, _, _, _ in file["branches"]:
            if place[0] in branching[path]:
                counts = places[tuple(place)]
                counts[0] += when_true
                counts[1] += when_false
        found[path] = defaultdict(list)
        for (line, *_), counts in places.items():
            found[path][line] += counts
    return found


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


def tally(lcov, export, sources, flags):
    """({room: Tally}, ["path:line: what was not reached"]); paths are relative to the project."""
    rooms, missing = defaultdict(Tally), []
    lines, branching = read_lines(lcov)
    branches = read_branches(export, branching)
    for path in sorted(path for path in lines if path.startswith(OURS)):
        foreign = foreign_lines(sources(path), flags) if "/kernels/" in path else set()
        for number, count in sorted(lines[path].items()):
            ways = branches.get(path, {}).get(number, [])
            missed = ways.count(0)
            rooms[APART if number in foreign else room_of(path)].add(count > 0, len(ways), missed)
            if number not in foreign and (missed or not count):
                missing.append(f"{path}:{number}: " + (f"{missed} of {len(ways)} branches" if count
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
    parser.add_argument("folder", type=Path,
                        help="with coverage.lcov and coverage.json; uncovered.txt goes there")
    parser.add_argument("--page", type=Path, required=True, help="the page whose table is replaced")
    options = parser.parse_args()

    def exported(name):
        return (options.folder / name).read_text(encoding="utf-8").replace(f"{ROOT}/", "")
    rooms, missing = tally(exported("coverage.lcov"), json.loads(exported("coverage.json")),
                           lambda path: (ROOT / path).read_text(encoding="utf-8"),
                           processor_flags(Path("/proc/cpuinfo").read_text(encoding="utf-8")))
    compiler = subprocess.run(["clang++-19", "--version"], capture_output=True, text=True, check=True)
    text = f"{compiler.stdout.splitlines()[0]}; {machine.describe()}.\n\n{table(rooms)}"
    options.page.write_text(with_table(options.page.read_text(encoding="utf-8"), text),
                            encoding="utf-8")
    (options.folder / "uncovered.txt").write_text("".join(line + "\n" for line in missing),
                                                  encoding="utf-8")
    print(table(rooms))


if __name__ == "__main__":
    main()
