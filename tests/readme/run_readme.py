#!/usr/bin/env python3
"""Runs the commands of README.md and docs/*.md and compares what they print with what is pasted.

run_readme.py --bin FOLDER_OF_BERTQA DOCUMENT…

Only marked blocks run. A mark is an HTML comment (invisible when rendered) on the line before a
fenced block:

    <!-- runs -->
    ```console
    $ bertqa ask -q "Where is it?" -c "It is in Paris."
    Paris
    $ bertqa ask -q "Where is it?" \\
    >   -c ""
    ```

`console`: a line that begins with "$ " is a command, "> " continues it, all other lines up to the
next command are its output (stdout and stderr together). In pasted output
  - a line that is "…" alone stands for any number of lines,
  - "…" inside a line stands for any text,
  - numbers with a decimal point agree if they differ by less than 2 in the third digit, because
    compilers round differently; spaces between words may differ in number.
`sh`: the whole block is run, in a subshell with `set -e`, and must exit with 0; its output is not
compared.

Options of the mark: `<!-- runs: exit 1 -->` expects that exit status of each command of the block
(or, for `sh`, of the block); the default is 0.

A block that makes ready what the reader is thought to have (files, variables) is hidden in a
comment:

    <!-- before
    printf 'The lease was signed by Ada.\\n' > lease.txt
    -->

All blocks of a document run in order in one shell, in one new folder that has the repository's
examples/ in it, with bertqa on the PATH and BERTQA_ISA=baseline, which computes in fp32 on every
machine.
"""

import argparse
import dataclasses
import pathlib
import re
import subprocess
import sys
import tempfile

MARK = re.compile(r"^<!-- runs(?:: exit (\d+))? -->$")
FENCE = re.compile(r"^```(console|sh)$")
NUMBER = re.compile(r"-?\d+\.\d+(?:e[-+]?\d+)?")
EXAMPLES = pathlib.Path(__file__).resolve().parent.parent.parent / "examples"
TIME_LIMIT_S = 600
RELATIVE = 2e-3
ABSOLUTE = 1e-3


@dataclasses.dataclass
class Command:
    line: int
    text: str
    exit_status: int = 0
    output: list | None = None  # None: not compared


class DocumentError(Exception):
    pass


def parse_console(lines, first_line, exit_status):
    commands = []
    for number, line in enumerate(lines, first_line):
        if line.startswith("$ "):
            commands.append(Command(number, line[2:], exit_status, []))
        elif not commands:
            raise DocumentError(f"line {number}: a console block begins with a \"$ \" line")
        elif line.startswith("> ") and not commands[-1].output:
            commands[-1].text += "\n" + line[2:]
        else:
            commands[-1].output.append(line)
    return commands


def parse(text):
    """The marked commands of a document, in order."""
    lines = text.splitlines()
    commands = []
    number = 0
    while number < len(lines):
        line = lines[number].strip()
        number += 1
        mark = MARK.match(line)
        if line == "<!-- before":
            end = find(lines, number, "-->", "a hidden block")
            commands.append(Command(number, "\n".join(lines[number:end])))
            number = end + 1
        elif mark:
            fence = FENCE.match(lines[number].strip()) if number < len(lines) else None
            if fence is None:
                raise DocumentError(f"line {number}: no ```console or ```sh block after the mark")
            end = find(lines, number + 1, "```", "a block")
            exit_status = int(mark.group(1) or 0)
            block = lines[number + 1:end]
            if fence.group(1) == "sh":
                script = "(set -e\n" + "\n".join(block) + "\n)"
                commands.append(Command(number + 2, script, exit_status))
            else:
                commands += parse_console(block, number + 2, exit_status)
            number = end + 1
        elif line.startswith("<!-- runs"):
            raise DocumentError(f"line {number}: unknown mark {line}")
    return commands


def find(lines, begin, end_line, what):
    for number in range(begin, len(lines)):
        if lines[number].strip() == end_line:
            return number
    raise DocumentError(f"line {begin}: {what} without an end")


def same_line(expected, actual):
    """Equal but for "…", the last digits of decimal numbers, and the number of spaces."""
    pattern = ""
    for part in re.split(rf"(…|{NUMBER.pattern}|\s+)", expected.strip()):
        if part == "…":
            pattern += ".*"
        elif NUMBER.fullmatch(part):
            pattern += f"({NUMBER.pattern})"
        else:
            pattern += r"\s+" if part.isspace() else re.escape(part)
    match = re.fullmatch(pattern, actual.strip())
    if match is None:
        return False
    numbers = zip(NUMBER.findall(expected), match.groups())
    return all(close(float(left), float(right)) for left, right in numbers)


def close(left, right):
    return abs(left - right) <= max(ABSOLUTE, RELATIVE * max(abs(left), abs(right)))


def same_output(expected, actual):
    """A line "…" alone stands for any number of lines."""
    if not expected:
        return not actual
    if expected[0].strip() == "…":
        return any(same_output(expected[1:], actual[skip:]) for skip in range(len(actual) + 1))
    return (bool(actual) and same_line(expected[0], actual[0])
            and same_output(expected[1:], actual[1:]))


def run(commands, binaries, folder):
    """(exit status, output lines) of each command; all in one shell."""
    separator = "=== run_readme ==="
    script = f"export PATH={str(binaries)!r}:\"$PATH\" LC_ALL=C.UTF-8 NO_COLOR=1 "
    script += "BERTQA_ISA=baseline\n"
    for command in commands:
        # The newline before the separator keeps output without a last newline apart from it.
        script += f"{command.text}\nprintf '\\n{separator}%d\\n' $?\n"
    # stderr goes where stdout goes, as on the reader's terminal.
    result = subprocess.run(["bash"], input=f"{{\n{script}\n}} 2>&1 </dev/null", cwd=folder,
                            text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            timeout=TIME_LIMIT_S, errors="replace")
    outcomes = []
    output = []
    for line in result.stdout.split("\n"):
        if line.startswith(separator):
            if output and output[-1] == "":
                output.pop()
            outcomes.append((int(line.removeprefix(separator)), output))
            output = []
        else:
            output.append(line)
    if len(outcomes) != len(commands):
        raise DocumentError(f"line {commands[len(outcomes)].line}: the shell ended here: "
                            + "\n".join(output))
    return outcomes


def check(document, binaries):
    """What is wrong with the document's commands, and how many there were."""
    try:
        commands = parse(document.read_text(encoding="utf-8"))
        if not commands:
            return 0, []
        with tempfile.TemporaryDirectory(prefix="bertqa-readme-") as folder:
            (pathlib.Path(folder) / EXAMPLES.name).symlink_to(EXAMPLES)
            outcomes = run(commands, binaries, folder)
    except DocumentError as error:
        return 1, [f"{document}: {error}"]
    problems = []
    for command, (exit_status, output) in zip(commands, outcomes):
        place = f"{document}:{command.line}: $ {command.text}"
        if exit_status != command.exit_status:
            problems.append(f"{place}\nexit status {exit_status}, expected {command.exit_status}"
                            f"\n" + "\n".join(output))
        elif command.output is not None and not same_output(command.output, output):
            problems.append(f"{place}\nprinted:\n" + "\n".join(output) + "\nthe document says:\n"
                            + "\n".join(command.output))
    return len(commands), problems


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True, type=pathlib.Path)
    parser.add_argument("documents", nargs="+", type=pathlib.Path)
    arguments = parser.parse_args()
    total = 0
    all_problems = []
    for document in arguments.documents:
        count, problems = check(document, arguments.bin.resolve())
        total += count
        all_problems += problems
        print(f"{document}: {count} commands, {len(problems)} problems")
    print("\n\n".join(all_problems))
    if total == 0:
        print("no command is marked <!-- runs -->: nothing was tested")
    sys.exit(1 if all_problems or total == 0 else 0)


if __name__ == "__main__":
    main()
