"""A ModernBERT with its tokenizer.json, from end to end: long windows, spans, what is refused."""

import json
import re
import shutil
import unittest

from family_case import TEXT, FamilyCase
from runner import GOLDEN, run

LIMIT = 300  # max_position_embeddings of the golden model


class ModernBert(FamilyCase):
    golden = "family-modernbert"

    def setUp(self):
        super().setUp()
        shutil.copy(GOLDEN / "tokenizers" / "modernbert.json", self.model / "tokenizer.json")
        (self.model / "tokenizer_config.json").write_text(
            json.dumps({"tokenizer_class": "PreTrainedTokenizerFast"}))

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
        self.change_config(max_position_embeddings=8192)  # no tensor is as long as the positions
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
        self.check_threads_and_batches(LIMIT)

    def test_training_and_other_tasks_are_refused(self):
        self.check_training_is_refused("ModernBERT")
        self.change_config(architectures=["ModernBertForTokenClassification"])
        self.check(self.ask(), 3, "",
                   f"bertqa: {self.model}/config.json: no question-answering head: the model is a "
                   '"ModernBertForTokenClassification"; a model that was trained for question '
                   "answering is expected\n")


if __name__ == "__main__":
    unittest.main()
