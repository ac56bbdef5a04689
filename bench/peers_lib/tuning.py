"""A child process that finds a peer's best settings: `python -m peers_lib.tuning JOB`.

JOB: engine, model, tokenizer, squad (the tuning questions), measured (those of the measurement),
variants, layouts, batches, multiples. One after the other it fixes the variant, the streams and
threads, and the batch size, each by the time of the forward work over all tuning windows; then the
multiple that batches are padded to, see `choose_multiple`. Prints one JSON object: settings,
seconds (of the best on the tuning questions), trials.
"""

import json
import sys
import time

from peers_lib import reader
from peers_lib.engines import open_engine
from peers_lib.squad import read_examples

LONG_TRIAL_SECONDS = 2.0  # a trial as long as this is not repeated


class Trials:
    """Times settings and keeps the engine while only batches change."""

    def __init__(self, job):
        self.job = job
        self.engine, self.opened_for = None, None
        self.trials = []

    def windows(self, squad):
        """The model inputs of a file's questions."""
        tokenizer = reader.load_tokenizer(self.job["tokenizer"])
        return reader.windows_of(read_examples(self.job[squad]), tokenizer)[0]

    def open(self, settings):
        """A new engine; the old one's memory and threads go first."""
        self.engine = None
        self.engine = open_engine(self.job["engine"], self.job["model"], settings)

    def pass_seconds(self, windows, settings):
        """The time of all windows once."""
        begin = time.perf_counter()
        reader.spans_of(windows, self.engine, settings)
        return time.perf_counter() - begin

    def warm_seconds(self, windows, settings):
        """The time of a second pass, when whatever is prepared at first use is there."""
        needs = {k: v for k, v in settings.items() if k not in ("batch", "multiple")}
        if needs != self.opened_for:
            self.open(settings)
            self.opened_for = needs
            reader.spans_of(windows[:settings["batch"]], self.engine, {**settings, "streams": 1})
        seconds = self.pass_seconds(windows, settings)
        if seconds < LONG_TRIAL_SECONDS:
            seconds = self.pass_seconds(windows, settings)
        return self.note(settings, seconds)

    def cold_seconds(self, windows, settings):
        """The time of the first pass of a new engine."""
        self.open(settings)
        return self.note(settings, self.pass_seconds(windows, settings))

    def note(self, settings, seconds):
        """Keeps what was tried."""
        self.trials.append([settings, round(seconds, 4)])
        return seconds


def quickest(timer, windows, candidates):
    """(seconds, settings) of the best candidate."""
    return min(((timer(windows, settings), settings) for settings in candidates),
               key=lambda pair: pair[0])


def tune(job, trials):
    """(seconds, settings): the best that the one-dimension-at-a-time search finds."""
    windows = trials.windows("squad")
    streams, threads = job["layouts"][0]
    start = {"batch": 8, "multiple": job["multiples"][0], "streams": streams, "threads": threads}
    best = quickest(trials.warm_seconds, windows,
                    [{**start, **variant} for variant in job["variants"]])
    steps = ([{"streams": s, "threads": t} for s, t in job["layouts"][1:]],
             [{"batch": size} for size in job["batches"] if size != start["batch"]])
    for step in steps:
        if step:
            best = min(best, quickest(trials.warm_seconds, windows,
                                      [{**best[1], **change} for change in step]),
                       key=lambda pair: pair[0])
    return best[0], choose_multiple(job, trials, best[1])


def choose_multiple(job, trials, settings):
    """A runtime that compiles for each new shape loses by shapes what it gains by less padding.
    How many shapes there are depends on the number of questions, so it is tried on those of the
    measurement, from the state that a new process is in."""
    if len(job["multiples"]) == 1:
        return settings
    candidates = [{**settings, "multiple": multiple} for multiple in job["multiples"]]
    return quickest(trials.cold_seconds, trials.windows("measured"), candidates)[1]


def main():
    job = json.loads(sys.argv[1])
    trials = Trials(job)
    seconds, settings = tune(job, trials)
    print(json.dumps({"settings": settings, "seconds": seconds, "trials": trials.trials}))


if __name__ == "__main__":
    main()
