"""The three series of bench/scaling: context length, number of records, threads."""

import sys

from peers_lib import machine, process, squad
from peers_lib.scaling_inputs import long_text, write_records
from peers_lib.verbose import figures_of

LENGTHS = (128, 256, 512, 1024, 4096, 16384, 50000, 100000)  # tokens of one context
RECORDS = (10, 100, 1000, 5000, 20000)
THREADS_QUESTIONS = 500
OVERLAP = 128
QUICK_SECONDS = 5.0  # what takes longer than this is repeated less
SLOW_REPETITIONS = 2
CALIBRATION_WORDS = 20000


class Scaling:
    """Runs what the store lacks; each repetition is a fresh process."""

    def __init__(self, options, store):
        self.options, self.store = options, store
        self.examples = squad.read_examples(options.squad)
        self.question = self.examples[0]["question"]
        self.folder = options.work
        self.head = None

    def run(self, series):
        """length, records or threads."""
        {"length": self.lengths, "records": self.records, "threads": self.threads}[series]()

    def bertqa(self, *arguments):
        """(Finished, figures) of one command."""
        done = process.run([str(self.options.bertqa), *map(str, arguments), "--verbose",
                            "--precision", self.options.precision])
        return done, figures_of(done.stderr)

    def repeat(self, series, x, *arguments):
        """All repetitions of one point; those of long ones are fewer."""
        for repetition in range(self.options.repetitions):
            if self.store.get(series, x, repetition) is None:
                done, figures = self.bertqa(*arguments)
                if figures.get("duplicates", 0) != 0:
                    raise ValueError(f"{figures['duplicates']} records are alike")
                self.store.put(series, x, repetition, value={
                    "seconds": done.seconds, "peak_mib": done.peak_mib, **figures})
                print(f"scaling: {series} {x}: {figures['run_seconds']:.3f} s",
                      file=sys.stderr, flush=True)
            if (self.store.get(series, x, repetition)["seconds"] > QUICK_SECONDS
                    and repetition + 1 >= SLOW_REPETITIONS):
                return

    def ask(self, words):
        """The arguments that ask the question about a text of so many words."""
        path = self.folder / "context.txt"
        path.write_text(long_text(self.examples, words), encoding="utf-8")
        return "ask", "--question", self.question, path, "--json"

    def context_tokens(self, figures):
        """Tokens of the context alone: without overlaps, question and special tokens."""
        return (figures["tokens"] - figures["windows"] * self.head
                - OVERLAP * (figures["windows"] - 1))

    def lengths(self):
        """One question on one text, ever longer. Texts are cut by words, at the number of tokens a
        word that a piece of them has; the table gives the tokens as counted."""
        path = self.folder / "word.txt"
        path.write_text("a", encoding="utf-8")
        _, one = self.bertqa("ask", "--question", self.question, path, "--json")
        self.head = one["tokens"] - 1
        _, piece = self.bertqa(*self.ask(CALIBRATION_WORDS))
        words_a_token = CALIBRATION_WORDS / self.context_tokens(piece)
        self.store.put("head", value=self.head)
        for length in LENGTHS:
            self.repeat("length", length, *self.ask(round(length * words_a_token)))

    def records(self):
        """Batches of records, ever more."""
        for count in RECORDS:
            path = self.folder / "records.jsonl"
            write_records(path, self.examples, count)
            self.repeat("records", count, "batch", path, "--output", self.folder / "answers.jsonl",
                        "--overwrite")

    def threads(self):
        """One batch, by one thread to all cores."""
        path = self.folder / "threads.jsonl"
        write_records(path, self.examples, THREADS_QUESTIONS)
        for threads in range(1, machine.cores() + 1):
            self.repeat("threads", threads, "batch", path, "--output",
                        self.folder / "answers.jsonl", "--overwrite", "--threads", threads)
