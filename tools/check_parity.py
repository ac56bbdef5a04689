#!/usr/bin/env python3
"""Compares `bertqa` with transformers on any checkpoints: tokens, offsets, logits and answers.

    pip install torch==2.13.0 transformers==4.57.6 tokenizers==0.22.2 sentencepiece==0.2.3 protobuf
    tools/check_parity.py --bertqa build/bin/bertqa CHECKPOINT_FOLDER...

Both sides read the same folders and answer the same questions in fp32. The default ones are few and
hard: white space, accents, emoji, many scripts, a text of several windows; --data takes a SQuAD file.
Prints a table; what differs goes to standard error. The exit status is 0 if ids, offsets and answers
are equal everywhere and no logit differs by more than the bound, else 1.
"""

import argparse
import dataclasses
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "bench")]

from parity_lib import comparison, program, questions, table  # noqa: E402

SHOWN = 5  # differences of one checkpoint


def parse(arguments):
    """The options; exits with a message on wrong ones."""
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0], epilog="Exit status: 0 everything is within the bounds; "
        "1 something is not; 2 usage; 3 a checkpoint cannot be read.")
    parser.add_argument("folders", nargs="+", metavar="FOLDER", help="checkpoint folders")
    parser.add_argument("--bertqa", default=str(ROOT / "build/release/bin/bertqa"),
                        help="the program (default: build/release/bin/bertqa)")
    parser.add_argument("--data", metavar="FILE", help="a SQuAD file instead of the hard texts")
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N questions")
    parser.add_argument("--window-tokens", type=int, default=384, metavar="N",
                        help="longest model input, where the model allows it (default: %(default)s)")
    parser.add_argument("--tolerance", type=float, default=1e-4, metavar="X",
                        help="largest difference of a logit (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="a JSON array instead of the table")
    options = parser.parse_args(arguments)
    if not Path(options.bertqa).is_file():
        parser.error(f"{options.bertqa} is not a file")
    return options


def report_of(folder, pairs, options):
    """Both sides of one checkpoint."""
    from parity_lib.reference import Reference
    reference = Reference(folder, options.window_tokens)
    report = comparison.Report(reference.family, Path(folder).resolve().name)
    for number, (question, context) in enumerate(pairs, start=1):
        question = reference.cut(question)
        inspection = program.inspect(options.bertqa, folder, question, context, reference.limits)
        ours = program.reading_of(inspection, reference.suffix, (question, context))
        comparison.add(report, number, ours, reference.read(question, context), options.tolerance)
    return report


def tell(report):
    """The first differences, on standard error."""
    for line in report.differences[:SHOWN]:
        print(f"{report.model}: {line}", file=sys.stderr)
    if len(report.differences) > SHOWN:
        print(f"{report.model}: and {len(report.differences) - SHOWN} more", file=sys.stderr)


def main():
    options = parse(sys.argv[1:])
    pairs = questions.read(options.data)[:options.limit]
    reports = []
    for folder in options.folders:
        try:
            reports.append(report_of(folder, pairs, options))
        except (OSError, ValueError, RuntimeError) as failure:
            print(f"check_parity: {folder}: {failure}", file=sys.stderr)
            return 3
        tell(reports[-1])
    if options.json:
        print(json.dumps([dataclasses.asdict(report) for report in reports], ensure_ascii=False))
    else:
        print(table.of(reports), end="")
    return 0 if all(report.holds(options.tolerance) for report in reports) else 1


if __name__ == "__main__":
    sys.exit(main())
