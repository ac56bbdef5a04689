"""A tiny model of a family with its tokenizer, asked one question about one text: for the tests of
families that have more than BERT's windows."""

import json
import shutil

from runner import GOLDEN, CliTest, run

TEXT = "The island lies   off the coast: three lighthouses, built in 1851.\n\tIt is café  'Øya'. " * 40


class FamilyCase(CliTest):
    """`model` is the test's own copy, and may be changed."""

    golden = None  # folder of tests/golden/models

    def setUp(self):
        super().setUp()
        self.model = self.folder / "model"
        shutil.copytree(GOLDEN / "models" / self.golden, self.model)

    def ask(self, *args):
        return run("ask", "-m", self.model, "-q", "Where is it?", "-c", TEXT, "--json",
                   "--precision", "fp32", *args)

    def answers(self, *args):
        result = self.ask(*args)
        self.check(result, 0)
        return result.records()[0]["answers"]

    def change_config(self, **changes):
        path = self.model / "config.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))

    def check_threads_and_batches(self, limit, *room):
        """The same bytes from three records at once and from each alone."""
        lines = [json.dumps({"id": number, "question": "Where is it?", "context": TEXT[number:]})
                 for number in range(3)]
        options = ("-m", self.model, "--precision", "fp32", *room)
        together = run("batch", *options, "-t", 2, stdin="".join(line + "\n" for line in lines))
        self.check(together, 0)
        alone = [run("batch", *options, "-t", 1, "--max-batch-tokens", limit,
                     stdin=line + "\n").stdout for line in lines]
        self.assertEqual(together.stdout, "".join(alone))

    def check_training_is_refused(self, name):
        data = self.write("data.jsonl", [{"id": 1, "question": "Where?", "context": "It is here.",
                                          "answers": [{"text": "here", "start": 6}]}])
        result = run("train", "-m", self.model, "--data", data, "-o", self.folder / "out")
        self.assertEqual(result.status, 3)
        self.assertIn(f"training: a BERT is expected, the model is {name}", result.stderr)
