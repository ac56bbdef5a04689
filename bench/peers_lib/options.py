"""The command lines of bench/peers and, in part, bench/families, and what is run for each model."""

import argparse
from dataclasses import dataclass
from pathlib import Path

from peers_lib.contenders import BATCHES

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class ModelPlan:
    """How much is run with a model when the command line does not say."""

    title: str
    questions: int
    tuning_questions: int
    batches: tuple  # sizes that tuning tries
    slow_repetitions: int  # of the contenders that compute with torch
    rough_tuning_minutes: float  # on two AVX-512 cores
    rough_minutes: float  # the same, of five repetitions
    real_weights: bool


PLANS = {
    "minilm": ModelPlan("MiniLM-L6 (the bundled model)", 500, 50, BATCHES, 5, 3, 10, True),
    "bert-base": ModelPlan("BERT-base (random weights)", 200, 50, (1, 4, 8, 16), 3, 6, 16, False),
    "bert-large": ModelPlan("BERT-large (random weights)", 40, 12, (1, 4, 8), 3, 5, 13, False),
}
SLOW_ENGINES = ("pipeline", "transformers", "torchscript")


def parse(arguments):
    """The options; exits with a message on wrong ones."""
    parser = argparse.ArgumentParser(
        prog="bench/peers",
        description="Runs one SQuAD file end to end through bertqa and its peers, each peer tuned, "
                    "and writes a table and a plot.")
    parser.add_argument("--models", default=",".join(PLANS),
                        help="which models, in this order (default: %(default)s)")
    parser.add_argument("--contenders", default="", metavar="NAMES",
                        help="only these, separated by commas (default: all)")
    add_run_options(parser, "500, 200 and 40", "50, 50 and 12")
    parser.add_argument("--first-answer", default="minilm", metavar="MODELS",
                        help="models whose first answer from a cold process is timed "
                             "(default: %(default)s)")
    options = parser.parse_args(arguments)
    options.models = split(options.models)
    options.first_answer = split(options.first_answer)
    options.contenders = split(options.contenders)
    for name in options.models + options.first_answer:
        if name not in PLANS:
            parser.error(f"no model is called {name}; there are {', '.join(PLANS)}")
    check_run_options(parser, options)
    return options


def add_run_options(parser, questions, tuning_questions):
    """What all commands that run a Session take; the texts name the default numbers."""
    parser.add_argument("squad", type=Path, help="a SQuAD 1.1 file")
    parser.add_argument("--questions", type=int, metavar="N",
                        help=f"questions of each model (default: {questions})")
    parser.add_argument("--tuning-questions", type=int, metavar="N",
                        help=f"other questions, to tune on (default: {tuning_questions})")
    parser.add_argument("--repetitions", type=int, default=5, metavar="N",
                        help="runs of each contender (default: %(default)s)")
    parser.add_argument("--bertqa", type=Path, default=ROOT / "build/release/bin/bertqa",
                        help="the program to measure (default: build/release/bin/bertqa)")
    parser.add_argument("--work", type=Path, default=ROOT / "build/bench",
                        help="model files and results, kept so that a stopped run goes on "
                             "(default: build/bench)")
    parser.add_argument("--venv", type=Path, default=ROOT / "build/bench/venv",
                        help="virtual environment with the peers, made if it is not there "
                             "(default: build/bench/venv)")
    parser.add_argument("--out", type=Path, default=ROOT / "build/bench/tables",
                        help="where the tables and plots go (default: build/bench/tables)")
    parser.add_argument("--fresh", action="store_true", help="measure again what was measured")
    parser.add_argument("--retune", action="store_true", help="tune and measure again")


def check_run_options(parser, options):
    """Exits with a message on wrong ones."""
    for path in (options.squad, options.bertqa):
        if not path.is_file():
            parser.error(f"{path} is not a file")
    if options.repetitions < 1 or (options.questions or 1) < 1:
        parser.error("--repetitions and --questions are at least 1")


def split(names):
    """The names of a comma-separated list."""
    return [name for name in names.split(",") if name]


def repetitions_of(contender, plan, repetitions):
    """Fewer for those that take most of the time and are far from the front."""
    if contender.engine in SLOW_ENGINES:
        return min(repetitions, plan.slow_repetitions)
    return repetitions
