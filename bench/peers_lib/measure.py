"""Runs one contender once and says what came of it."""

import json

from peers_lib import process, scoring
from peers_lib.environment import python_of
from peers_lib.options import ROOT
from peers_lib.verbose import figures_of


class Bench:
    """The programs and files of one model; every method starts fresh processes."""

    def __init__(self, options, model_folder, cores):
        self.bertqa = str(options.bertqa)
        self.python = str(python_of(options.venv))
        self.folder = model_folder
        self.cores = cores

    def python_child(self, module, job):
        """Runs a module of peers_lib in the virtual environment; its last line is JSON."""
        done = process.run([self.python, "-m", f"peers_lib.{module}", json.dumps(job)],
                           {"PYTHONPATH": str(ROOT / "bench"), "HF_HUB_OFFLINE": "1"})
        lines = done.stdout.splitlines()
        return done, json.loads(lines[-1]) if lines else {}

    def job(self, contender, **further):
        """What every child with a peer is told."""
        return {"engine": contender.engine, "model": str(self.folder / contender.file),
                "tokenizer": str(self.folder / "tokenizer.json"), **further}

    def tune(self, contender, squad, measured_squad, **grid):
        """The best settings of a peer."""
        job = self.job(contender, squad=str(squad), measured=str(measured_squad), **grid)
        return self.python_child("tuning", job)[1]

    def answer(self, contender, settings, squad, answers):
        """(Finished, times and counts) of one file, answers written."""
        if contender.ours:
            return self.answer_with_bertqa(contender, squad, answers)
        job = self.job(contender, settings=settings, squad=str(squad), answers=str(answers))
        return self.python_child("worker", job)

    def answer_with_bertqa(self, contender, squad, answers):
        """`batch` on the file as it is, one object of answers out."""
        done = process.run([
            self.bertqa, "batch", str(squad), "--input-format", "squad", "--output-format",
            "squad", "--output", str(answers), "--overwrite", "--model",
            str(self.folder / "bertqa"), "--precision", contender.precision, "--verbose"])
        return done, figures_of(done.stderr)

    def first_answer(self, contender, settings, example, squad, answers):
        """(seconds, answer): one question, one paragraph, from the start of a process."""
        if contender.ours:
            done = process.run([
                self.bertqa, "ask", "--question", example["question"], "--context",
                example["context"], "--model", str(self.folder / "bertqa"), "--precision",
                contender.precision, "--json"])
            return done.seconds, json.loads(done.stdout)["answer"]
        alone = {**settings, "batch": 1, "streams": 1, "threads": self.cores}
        done, _ = self.answer(contender, alone, squad, answers)
        return done.seconds, json.loads(answers.read_text(encoding="utf-8"))[example["id"]]


def measured(done, figures, examples, answers_path):
    """One repetition's result as it is kept."""
    answers = json.loads(answers_path.read_text(encoding="utf-8"))
    exact, f1 = scoring.score(examples, answers)
    return {"seconds": done.seconds, "peak_mib": done.peak_mib, "exact": exact, "f1": f1,
            "answered": len(answers), **figures}
