"""A child process that finds a peer's best settings: `python -m peers_lib.tuning JOB`.

JOB: engine, model, tokenizer, squad (the tuning questions), variants, layouts, batches, multiples.
One after the other it fixes the variant, the streams and threads, the batch size and the multiple
that batches are padded to; each by the time of the whole forward work over all tuning windows.
Prints one JSON object: settings, seconds (of the best), questions, trials.
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

    def __init__(self, job, windows):
        self.job, self.windows = job, windows
        self.engine, self.opened_for = None, None
        self.trials = []

    def seconds(self, settings):
        """The time of a second pass, when whatever is prepared at first use is there."""
        needs = {k: v for k, v in settings.items() if k not in ("batch", "multiple")}
        if needs != self.opened_for:
            self.engine = None  # the old one's memory and threads go before the new one comes
            self.engine = open_engine(self.job["engine"], self.job["model"], settings)
            self.opened_for = needs
            few = self.windows[:settings["batch"]]
            reader.spans_of(few, self.engine, {**settings, "streams": 1})
        times = []
        while not times or (len(times) < 2 and times[0] < LONG_TRIAL_SECONDS):
            begin = time.perf_counter()
            reader.spans_of(self.windows, self.engine, settings)
            times.append(time.perf_counter() - begin)
        self.trials.append([settings, round(times[-1], 4)])
        return times[-1]

    def best(self, candidates):
        """(seconds, settings) of the quickest."""
        return min(((self.seconds(settings), settings) for settings in candidates),
                   key=lambda pair: pair[0])


def tune(job, trials):
    """(seconds, settings): the best that the one-dimension-at-a-time search finds."""
    streams, threads = job["layouts"][0]
    start = {"batch": 8, "multiple": job["multiples"][0], "streams": streams, "threads": threads}
    best = trials.best([{**start, **variant} for variant in job["variants"]])
    steps = ([{"streams": s, "threads": t} for s, t in job["layouts"][1:]],
             [{"batch": size} for size in job["batches"] if size != start["batch"]],
             [{"multiple": multiple} for multiple in job["multiples"][1:]])
    for step in steps:
        if step:
            best = min(best, trials.best([{**best[1], **change} for change in step]),
                       key=lambda pair: pair[0])
    return best


def main():
    job = json.loads(sys.argv[1])
    examples = read_examples(job["squad"])
    windows, _ = reader.windows_of(examples, reader.load_tokenizer(job["tokenizer"]))
    trials = Trials(job, windows)
    seconds, settings = tune(job, trials)
    print(json.dumps({"settings": settings, "seconds": seconds, "questions": len(examples),
                      "trials": trials.trials}))


if __name__ == "__main__":
    main()
