"""What the tests of `bertqa train` share: made-up data, and a test with a run of its own."""

import json
import random
import shutil
import time

import runner
from runner import CliTest, run

SETTINGS = {"--batch-size": "8", "--learning-rate": "1e-3", "--threads": "2"}
FOLDER = {"bertqa.json", "checkpoint.json", "config.json", "learning-curve.svg", "log.jsonl",
          "model.safetensors", "tokenizer_config.json", "vocab.txt"}

_whole_runs = {}


def questions(count, seed, unanswerable=False):
    """Questions for the word that begins with a letter, in texts that the tiny model can spell."""
    numbers = random.Random(seed)
    for index in range(count):
        letters = numbers.sample("abcdefghijklmnopqrstuvwxyz", 8)
        words = [letter + numbers.choice("xyz") for letter in letters]
        place = numbers.randrange(len(words))
        yield {"id": f"q{index}", "question": f"{letters[place]} ?", "context": " ".join(words),
               "answer": None if unanswerable and index % 4 == 3 else (3 * place, words[place])}


def squad(*args, **keywords):
    """The questions as a SQuAD file, 2.0 if there are unanswerable ones."""
    paragraphs = []
    for record in questions(*args, **keywords):
        answer = record["answer"]
        qa = {"id": record["id"], "question": record["question"],
              "answers": [{"answer_start": answer[0], "text": answer[1]}] if answer else []}
        if keywords.get("unanswerable"):
            qa["is_impossible"] = answer is None
        paragraphs.append({"context": record["context"], "qas": [qa]})
    return json.dumps({"version": "v2.0" if keywords.get("unanswerable") else "1.1",
                       "data": [{"title": "letters", "paragraphs": paragraphs}]})


def jsonl(*args):
    return [{"id": record["id"], "question": record["question"], "context": record["context"],
             "answer_start": record["answer"][0], "answer_text": record["answer"][1]}
            for record in questions(*args)]


class TrainTest(CliTest):
    def setUp(self):
        super().setUp()
        self.base = runner.tiny_model()
        self.data = self.write("train.json", squad(40, 1))
        self.dev = self.write("dev.json", squad(12, 2))
        self.output = self.folder / "out"

    def arguments(self, *args, output=None, data=None):
        settings = [part for option, value in SETTINGS.items() if option not in args
                    for part in (option, value)]
        return ("train", "-m", self.base, "--data", data or self.data, "-o",
                output or self.output, *settings, *args)

    def run_train(self, *args, **keywords):
        """Standard output is empty, whatever happens."""
        result = run(*self.arguments(*args, **keywords))
        self.assertEqual(result.stdout, "")
        return result

    def train(self, *args, **keywords):
        result = self.run_train(*args, **keywords)
        self.assertEqual(result.status, 0, result.stderr)
        return result

    def weights(self, output=None):
        return ((output or self.output) / "model.safetensors").read_bytes()

    def log(self, output=None):
        """The lines, without what differs from run to run."""
        lines = [json.loads(line)
                 for line in ((output or self.output) / "log.jsonl").read_text().splitlines()]
        for line in lines:
            line.pop("tokens_per_second", None)
        return lines

    def names(self, output=None):
        return {path.name for path in (output or self.output).iterdir()}

    def whole_run(self, *args):
        """A run that nothing stopped, made once for all tests, which do not change it; and the
        seconds it took."""
        key = tuple("DEV" if arg == self.dev else arg for arg in args)
        if key not in _whole_runs:
            folder = runner.shared_folder() / f"whole-{len(_whole_runs)}"
            begin = time.monotonic()
            self.train(*args, output=folder)
            _whole_runs[key] = folder, time.monotonic() - begin
        return _whole_runs[key]

    def copy_of_whole_run(self, *args):
        """Where this test's own run would be."""
        shutil.copytree(self.whole_run(*args)[0], self.output)

    def expect_same_as(self, whole):
        self.assertEqual(self.weights(), self.weights(whole))
        self.assertEqual(self.log(), self.log(whole))
        self.assertEqual(self.names(), self.names(whole))
        for name in ("bertqa.json", "checkpoint.json", "config.json", "vocab.txt"):
            self.assertEqual((self.output / name).read_bytes(), (whole / name).read_bytes(), name)

    def how_to_go_on(self):
        """With the checkpoint, or anew after a kill before the first one."""
        if not self.output.exists():
            return ()
        has_checkpoint = (self.output / "checkpoint.json").exists()
        return ("--resume",) if has_checkpoint else ("--overwrite",)
