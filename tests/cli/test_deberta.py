"""A DeBERTa-v3 with its tokenizer, from end to end: spans, long windows, what is refused."""

import json
import shutil
import unittest

from family_case import TEXT, FamilyCase
from runner import GOLDEN, run

TRAINED = 20  # max_position_embeddings of the golden model, and so what it tells apart
LIMIT = (2 * TRAINED - 1) * 2  # of two layers
ROOM = ("--overlap-tokens", 20, "--max-question-tokens", 16)


class Deberta(FamilyCase):
    golden = "family-deberta-v3"

    def setUp(self):
        super().setUp()
        for name in ("spm.model", "tokenizer_config.json"):
            shutil.copy(GOLDEN / "models" / "spm-deberta" / name, self.model / name)

    def check_slices(self):
        answers = self.answers("-k", 50, "--dedupe", "none", *ROOM)
        self.assertEqual(len(answers), 50)
        for answer in answers:
            self.assertEqual(answer["answer"], TEXT[answer["start"]:answer["end"]])
            self.assertEqual(answer["answer"], answer["answer"].strip())

    def test_answers_are_trimmed_slices_of_the_text(self):
        self.check_slices()
        (self.model / "spm.model").unlink()
        shutil.copy(GOLDEN / "tokenizers" / "deberta-v3.json", self.model / "tokenizer.json")
        self.check_slices()

    def test_windows_up_to_the_limit(self):
        longest = self.answers("--window-tokens", LIMIT, *ROOM)
        self.assertEqual(self.answers(*ROOM), longest)  # the default, 384, is cut
        self.assertNotEqual(self.answers("--window-tokens", LIMIT - 20, *ROOM), longest)
        self.check_usage(self.ask("--window-tokens", LIMIT + 1, *ROOM),
                         f"--window-tokens {LIMIT + 1}: the model takes at most {LIMIT}")
        self.change_config(max_relative_positions=25)
        self.answers("--window-tokens", LIMIT + 20, *ROOM)

    def test_threads_and_batches_change_nothing(self):
        self.check_threads_and_batches(LIMIT, *ROOM)

    def test_info(self):
        result = run("info", "-m", self.model, "--json")
        self.check(result, 0)
        info = json.loads(result.stdout)
        self.assertEqual(info["family"], "deberta-v2")
        self.assertEqual(info["max_window_tokens"], LIMIT)

    def test_training_and_unknown_keys_are_refused(self):
        self.check_training_is_refused("DeBERTa-v2")
        self.change_config(z_steps=2)
        self.check(self.ask(), 3, "",
                   f'bertqa: {self.model}/config.json: "z_steps": 2 is not a key that is known for '
                   "DeBERTa-v2; take it out if it does not change the answers\n")


if __name__ == "__main__":
    unittest.main()
