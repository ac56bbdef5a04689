"""A ModernBERT with its tokenizer.json, from end to end: long windows, spans, what is refused."""

import json
import re
import shutil
import unittest

from runner import GOLDEN, CliTest, run

LIMIT = 300  # max_position_embeddings of the golden model
TEXT = "The island lies   off the coast: three lighthouses, built in 1851.\n\tIt is café  'Øya'. " * 40


class ModernBert(CliTest):
    def setUp(self):
        super().setUp()
        self.model = self.folder / "model"
        shutil.copytree(GOLDEN / "models" / "family-modernbert", self.model)
        shutil.copy(GOLDEN / "tokenizers" / "modernbert.json", self.model / "tokenizer.json")
        (self.model / "tokenizer_config.json").write_text(
            json.dumps({"tokenizer_class": "PreTrainedTokenizerFast"}))

    def ask(self, *args):
        return run("ask", "-m", self.model, "-q", "Where is it?", "-c", TEXT, "--json",
                   "--precision", "fp32", *args)

    def answers(self, *args):
        result = self.ask(*args)
        self.check(result, 0)
        return result.records()[0]["answers"]

    def test_answers_are_trimmed_slices_of_the_text(self):
        answers = self.answers("-k", 50, "--dedupe", "none")
        self.assertEqual(len(answers), 50)
        for answer in answers:
            self.assertEqual(answer["answer"], TEXT[answer["start"]:answer["end"]])
            text = answer["answer"]
            self.assertEqual(text, text.strip() or text)  # white space that a token is may be all

    def test_windows_up_to_the_limit(self):
        room = ("--overlap-tokens", 75, "--max-question-tokens", 64)
        longest = self.answers("--window-tokens", LIMIT, *room)
        self.assertEqual(self.answers(*room), longest)  # the default, 384, is cut
        self.assertNotEqual(self.answers("--window-tokens", 200, *room), longest)
        self.check_usage(self.ask("--window-tokens", LIMIT + 1),
                         f"--window-tokens {LIMIT + 1}: the model takes at most {LIMIT}")

    def test_windows_of_thousands_of_tokens(self):
        path = self.model / "config.json"  # no tensor is as long as the positions
        path.write_text(json.dumps({**json.loads(path.read_text()),
                                    "max_position_embeddings": 8192}))
        self.check_usage(self.ask("--window-tokens", 8193),
                         "--window-tokens 8193: the model takes at most 8192")
        text = self.write("long.txt", TEXT * 4)
        result = run("ask", "-m", self.model, "-q", "Where is it?", text, "--json", "--verbose",
                     "--window-tokens", 8192, "--precision", "fp32")
        self.assertEqual(result.status, 0, result.stderr)
        answer = result.records()[0]["answers"][0]
        self.assertEqual(answer["answer"], (TEXT * 4)[answer["start"]:answer["end"]])
        windows, tokens = (int(re.search(rf"^{name} +(\d+)", result.stderr, re.M).group(1))
                           for name in ("windows", "tokens"))
        self.assertEqual(windows, 1)
        self.assertGreater(tokens, 4096)

    def test_threads_and_batches_change_nothing(self):
        record = {"id": 1, "question": "Where is it?", "context": TEXT}
        lines = [json.dumps({**record, "id": number, "context": TEXT[number:]})
                 for number in range(3)]
        together = run("batch", "-m", self.model, "--precision", "fp32", "-t", 2,
                       stdin="".join(line + "\n" for line in lines))
        self.check(together, 0)
        alone = [run("batch", "-m", self.model, "--precision", "fp32", "-t", 1,
                     "--max-batch-tokens", LIMIT, stdin=line + "\n").stdout for line in lines]
        self.assertEqual(together.stdout, "".join(alone))

    def test_training_and_other_tasks_are_refused(self):
        data = self.write("data.jsonl", [{"id": 1, "question": "Where?", "context": "It is here.",
                                          "answers": [{"text": "here", "start": 6}]}])
        result = run("train", "-m", self.model, "--data", data, "-o", self.folder / "out")
        self.assertEqual(result.status, 3)
        self.assertIn("training: a BERT is expected, the model is ModernBERT", result.stderr)
        config = json.loads((self.model / "config.json").read_text())
        config["architectures"] = ["ModernBertForTokenClassification"]
        (self.model / "config.json").write_text(json.dumps(config))
        self.check(self.ask(), 3, "",
                   f"bertqa: {self.model}/config.json: no question-answering head: the model is a "
                   '"ModernBertForTokenClassification"; a model that was trained for question '
                   "answering is expected\n")


if __name__ == "__main__":
    unittest.main()
