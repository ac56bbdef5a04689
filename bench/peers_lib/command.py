"""The command line as a page shows it."""

import shlex
from pathlib import Path

OF_THIS_MACHINE = ("--venv", "--bertqa", "--work", "--out")


def printable(program, arguments):
    """The command without where this machine keeps its files, so that anyone can repeat it."""
    words, skip = [program], False
    for word in arguments:
        option = word.split("=")[0]
        if not skip and option not in OF_THIS_MACHINE:
            words.append(Path(word).name if word.startswith(("/", ".")) else word)
        skip = not skip and word in OF_THIS_MACHINE
    return shlex.join(words)
