"""What tools/check_parity.py finds equal, what it tells of, and the table that it prints."""

import copy
import json
import tempfile
import unittest
from pathlib import Path

from parity_lib import comparison, program, questions, table
from parity_lib.comparison import Reading, Report, Window

TOLERANCE = 1e-4
TEXTS = ("w", "abc")


def token(name, window, span, segment, logits):
    start, end = span or (None, None)
    return {"token": name, "id": sum(map(ord, name)), "start": start, "end": end, "segment": segment,
            "window": window, "start_logit": logits[0], "end_logit": logits[1]}


def inspection():
    """`[CLS] w [SEP] a b c [SEP]` in two windows, {a b} and {b c}; b is answered from the first."""
    return {
        "joint": {"answer": "b", "start": 1, "end": 2, "logit": 3.5},
        "windows": [{"first_token": 0, "last_token": 1}, {"first_token": 1, "last_token": 2}],
        "tokens": [token("[CLS]", 0, None, "special", (0, 0)), token("w", 0, (0, 1), "question", (1, 1)),
                   token("[SEP]", 0, None, "special", (2, 2)), token("a", 0, (0, 1), "context", (3, 3)),
                   token("b", 0, (1, 2), "context", (4, 4)), token("[SEP]", 0, None, "special", (5, 5)),
                   token("[CLS]", 1, None, "special", (6, 6)), token("w", 1, (0, 1), "question", (7, 7)),
                   token("[SEP]", 1, None, "special", (8, 8)), token("c", 1, (2, 3), "context", (9, 9)),
                   token("[SEP]", 1, None, "special", (10, 10))]}


def reading():
    """The same, as the other side tells it."""
    cls, sep, w, a, b, c = (sum(map(ord, name)) for name in ("[CLS]", "[SEP]", "w", "a", "b", "c"))
    first = Window([cls, w, sep, a, b, sep], [None, (0, 1), None, (0, 1), (1, 2), None],
                   {i: (i, i) for i in range(6)})
    second = Window([cls, w, sep, b, c, sep], [None, (0, 1), None, (1, 2), (2, 3), None],
                    {0: (6, 6), 1: (7, 7), 2: (8, 8), 3: (-1, -1), 4: (9, 9), 5: (10, 10)})
    return Reading([first, second], (1, 2), 3.5)


def report_of(ours, theirs):
    report = Report("bert", "tiny")
    comparison.add(report, 1, ours, theirs, TOLERANCE)
    return report


class ProgramTest(unittest.TestCase):
    def test_windows_are_put_together_again(self):
        ours = program.reading_of(inspection(), 1, TEXTS)
        self.assertEqual([w.ids for w in ours.windows], [w.ids for w in reading().windows])
        self.assertEqual([w.spans for w in ours.windows], [w.spans for w in reading().windows])
        self.assertNotIn(3, ours.windows[1].logits)  # b: the first window answers for it
        self.assertEqual(ours.windows[1].logits[4], (9, 9))

    def test_no_answer_has_no_span(self):
        told = inspection()
        told["joint"] = {"answer": None, "start": None, "end": None, "logit": None}
        self.assertIsNone(program.reading_of(told, 1, TEXTS).answer)


class ComparisonTest(unittest.TestCase):
    def setUp(self):
        self.ours, self.theirs = program.reading_of(inspection(), 1, TEXTS), reading()

    def check(self, *words, holds=False):
        report = report_of(self.ours, self.theirs)
        self.assertEqual(report.holds(TOLERANCE), holds)
        text = "\n".join(report.differences)
        for word in words:
            self.assertIn(word, text)
        return report

    def test_equal_sides_hold(self):
        self.assertEqual(self.check(holds=True).differences, [])

    def test_no_question_holds_nothing(self):
        self.assertFalse(Report("bert", "tiny").holds(TOLERANCE))

    def test_another_id(self):
        self.theirs.windows[1].ids[4] += 1
        report = self.check("window 1, token 4: ids")
        self.assertEqual((report.ids_equal, report.offsets_equal, report.answers_equal), (0, 0, 1))

    def test_a_missing_window_and_a_missing_token(self):
        del self.theirs.windows[0].ids[5]
        self.check("window 0, token 5: ids")
        self.theirs.windows.pop()
        self.check("windows: 2, expected 1")

    def test_another_span(self):
        self.theirs.windows[0].spans[4] = (1, 3)
        report = self.check("window 0, token 4: span (1, 2), expected (1, 3)")
        self.assertEqual((report.ids_equal, report.offsets_equal), (1, 0))

    def test_white_space_alone_has_no_span_to_compare(self):
        self.theirs.windows[0].spans[4] = None
        self.check(holds=True)

    def test_logits_beyond_the_bound(self):
        self.theirs.windows[1].logits[5] = (10, 10.00005)
        self.assertAlmostEqual(self.check(holds=True).largest_logit_difference, 5e-5)
        self.theirs.windows[1].logits[5] = (10.1, 10)
        self.assertAlmostEqual(self.check("logits differ by 0.1").largest_logit_difference, 0.1)

    def test_another_answer_is_a_difference_unless_it_is_a_tie(self):
        other = copy.deepcopy(self.theirs)
        other.answer, other.logit = (0, 2), 3.5001
        self.assertTrue(report_of(self.ours, other).holds(TOLERANCE))
        other.logit = 3.6
        self.assertFalse(report_of(self.ours, other).holds(TOLERANCE))
        other.answer = None
        self.assertFalse(report_of(self.ours, other).holds(TOLERANCE))

    def test_space_at_the_ends_of_a_span(self):
        self.assertEqual(comparison.without_space(" \u2581ab\n", (0, 5)), (2, 4))
        self.assertIsNone(comparison.without_space("a \t", (1, 3)))


class QuestionsTest(unittest.TestCase):
    def test_the_default_ones_are_hard(self):
        pairs = questions.read()
        text = " ".join(context for _, context in pairs)
        for part in ("\u0308", "\u4eac", "\ud55c", "\u0645", "\U0001f469\u200d",
                     "\u00a0", "\r\n", "\u0130"):
            self.assertIn(part, text)
        self.assertTrue(any(context.startswith(" ") for _, context in pairs))
        self.assertGreater(len(pairs[-1][1]), 1500)

    def test_a_file_is_read_as_it_is(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "squad.json")
            path.write_text(json.dumps({"data": [{"paragraphs": [
                {"context": "c", "qas": [{"question": "p"}, {"question": "q"}]}]}]}))
            self.assertEqual(questions.read(path), [("p", "c"), ("q", "c")])


class TableTest(unittest.TestCase):
    def test_a_row_a_checkpoint(self):
        report = report_of(program.reading_of(inspection(), 1, TEXTS), reading())
        self.assertEqual(table.of([report]).splitlines()[-1],
                         "| bert | tiny | 1 | 1 | 1 | 0.0e+00 | 1 |")


if __name__ == "__main__":
    unittest.main()
