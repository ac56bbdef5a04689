"""One model's run from preparation to table."""

import json
import sys

from peers_lib import machine, schedule, squad
from peers_lib.contenders import layouts, variants_that_run_here
from peers_lib.measure import Bench, measured
from peers_lib.options import ROOT
from peers_lib.store import Store, digest

PIPELINE_SETTINGS = {"batch": 1}


def say(text):
    """Progress goes to stderr."""
    print(f"peers: {text}", file=sys.stderr, flush=True)


class Session:
    """Files, samples and results of one model. Use: prepare, tune, measure, first_answers."""

    def __init__(self, options, model, contenders, plan):
        self.options, self.model, self.contenders = options, model, contenders
        self.plan = plan
        self.questions = options.questions or self.plan.questions
        self.folder = options.work / model
        self.bench = Bench(options, self.folder, machine.cores())
        examples = squad.without_repeats(squad.read_examples(options.squad))
        tuning = options.tuning_questions or self.plan.tuning_questions
        self.examples, self.tuning = squad.sample(examples, self.questions, tuning)
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "answers").mkdir(exist_ok=True)
        groups = {"measured": self.examples, "tuning": self.tuning, "first": self.examples[:1]}
        self.files = {name: self.folder / f"{name}-{len(group)}.json"
                      for name, group in groups.items()}
        for name, group in groups.items():
            squad.write_squad(self.files[name], group)
        inputs = {"squad": digest(self.files["measured"]), "machine": machine.describe()}
        self.tuned = Store.opened_for(self.folder / f"tuned-{tuning}-{self.questions}.jsonl",
                                      options.retune, inputs)
        self.results = Store.opened_for(self.folder / f"results-{self.questions}.jsonl",
                                        options.fresh or options.retune,
                                        {**inputs, "bertqa": digest(options.bertqa)})

    def prepare(self):
        """Every peer's files, from the same weights."""
        say(f"{self.model}: preparing models in {self.folder}")
        self.bench.python_child("prepare", {
            "model": self.model, "files": [contender.file for contender in self.contenders],
            "folder": str(self.folder),
            "bundled": str(ROOT / "models/minilm-l6-squad"),
            "exporter": str(ROOT / "tools/export_torchscript.py"),
            "calibration": str(self.files["tuning"]), "reduce_range": not machine.has_vnni()})

    def tune(self):
        """The best settings of each peer, and how long each contender takes."""
        for contender in self.contenders:
            if self.tuned.get("settings", contender.name) is None:
                if contender.tuned:
                    say(f"{self.model}: tuning {contender.name}")
                self.tuned.put("settings", contender.name, value=self._tune_one(contender))
            if self.tuned.get("estimate", contender.name) is None:
                done, figures = self.bench.answer(contender, self.settings_of(contender),
                                                  self.files["tuning"], self.answers_of("tuning"))
                self.tuned.put("estimate", contender.name,
                               value=[done.seconds, figures["run_seconds"]])

    def _tune_one(self, contender):
        if not contender.tuned:
            return {"settings": PIPELINE_SETTINGS if not contender.ours else {}}
        return self.bench.tune(
            contender, self.files["tuning"], self.files["measured"], batches=self.plan.batches,
            variants=variants_that_run_here(contender, machine.has_bf16()),
            layouts=layouts(machine.cores()), multiples=contender.multiples)

    def settings_of(self, contender):
        """The tuned settings."""
        return self.tuned.get("settings", contender.name)["settings"]

    def answers_of(self, name):
        """Where a contender's answers are kept."""
        return self.folder / "answers" / f"{name}.json"

    def measure(self):
        """All repetitions that are not there yet."""
        estimates = {c.name: schedule.estimate(*self.tuned.get("estimate", c.name),
                                               len(self.tuning), self.questions)
                     for c in self.contenders}
        tasks = schedule.tasks_left(self.contenders, self.plan, self.options.repetitions,
                                    self.results, "run")
        say(f"{self.model}: {len(tasks)} runs of {self.questions} questions, "
            f"about {schedule.clock(schedule.seconds_left(tasks, estimates))} minutes")
        for index, task in enumerate(tasks):
            contender = task.contender
            answers = self.answers_of(contender.name)
            done, figures = self.bench.answer(contender, self.settings_of(contender),
                                              self.files["measured"], answers)
            self.results.put("run", contender.name, task.repetition,
                             value=measured(done, figures, self.examples, answers))
            left = schedule.seconds_left(tasks[index + 1:], estimates)
            say(f"{self.model}: {contender.name} {task.repetition + 1}: "
                f"{self.questions / figures['run_seconds']:.1f} questions/s, "
                f"{schedule.clock(left)} left")

    def first_answers(self):
        """Cold processes with one question."""
        if self.model not in self.options.first_answer:
            return
        tasks = schedule.tasks_left(self.contenders, self.plan, self.options.repetitions,
                                    self.results, "first")
        say(f"{self.model}: {len(tasks)} cold starts")
        for task in tasks:
            seconds, answer = self.bench.first_answer(
                task.contender, self.settings_of(task.contender), self.examples[0],
                self.files["first"], self.answers_of("first"))
            self.results.put("first", task.contender.name, task.repetition,
                             value={"seconds": seconds, "answer": answer})

    def answers(self):
        """The answers of each contender that has run, by name."""
        found = {}
        for contender in self.contenders:
            path = self.answers_of(contender.name)
            if path.exists():
                found[contender.name] = json.loads(path.read_text(encoding="utf-8"))
        return found
