"""Samples of a SQuAD file, made records, and scores."""

import tempfile
import unittest
from pathlib import Path

from peers_lib import scaling_inputs, scoring, squad


def examples_of(count):
    return [{"id": str(i), "title": f"title {i // 6}", "context": f"context {i // 3}",
             "question": f"question {i}", "answers": [{"text": "x", "answer_start": 0}]}
            for i in range(count)]


class SquadTest(unittest.TestCase):
    def test_a_written_file_reads_back(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "file.json")
            squad.write_squad(path, examples_of(10))
            self.assertEqual(squad.read_examples(path), examples_of(10))

    def test_samples_do_not_overlap_and_stay_the_same(self):
        first = squad.sample(examples_of(100), 50, 20)
        self.assertEqual(first, squad.sample(examples_of(100), 50, 20))
        measured, tuning = ({e["id"] for e in group} for group in first)
        self.assertEqual((len(measured), len(tuning)), (50, 20))
        self.assertFalse(measured & tuning)

    def test_tuning_questions_do_not_depend_on_the_number_measured(self):
        self.assertEqual(squad.sample(examples_of(100), 10, 20)[1],
                         squad.sample(examples_of(100), 50, 20)[1])

    def test_too_small_a_file_is_an_error(self):
        with self.assertRaisesRegex(ValueError, "has 10"):
            squad.sample(examples_of(10), 8, 3)

    def test_repeats_are_dropped(self):
        examples = examples_of(4)
        self.assertEqual(squad.without_repeats(examples + examples[:2]), examples)


class RecordsTest(unittest.TestCase):
    def test_no_two_records_are_alike(self):
        records = list(scaling_inputs.distinct_records(examples_of(12), 48))
        self.assertEqual(len({(r["question"], r["context"]) for r in records}), 48)

    def test_more_records_than_pairs_are_an_error(self):
        with self.assertRaisesRegex(ValueError, "49 records"):
            list(scaling_inputs.distinct_records(examples_of(12), 49))

    def test_long_text_has_so_many_words(self):
        self.assertEqual(len(scaling_inputs.long_text(examples_of(6), 101).split()), 101)


class ScoringTest(unittest.TestCase):
    EXAMPLES = [{"id": "a", "answers": [{"text": "The red fox"}, {"text": "fox"}]},
                {"id": "b", "answers": [{"text": "blue sea"}]}]

    def test_articles_case_and_punctuation_do_not_count(self):
        self.assertEqual(scoring.score(self.EXAMPLES, {"a": "Red fox!", "b": "a blue sea"}),
                         (100, 100))

    def test_half_an_answer(self):
        exact, f1 = scoring.score(self.EXAMPLES, {"a": "fox", "b": "sea level"})
        self.assertEqual(exact, 50)
        self.assertAlmostEqual(f1, 75)

    def test_agreement_is_by_character(self):
        self.assertEqual(scoring.agreement({"a": "fox", "b": "Sea"}, {"a": "fox", "b": "sea"}), 50)


if __name__ == "__main__":
    unittest.main()
