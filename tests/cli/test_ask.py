"""`bertqa ask`: what a script gets."""

import json
import subprocess
import unittest

import runner
from runner import CliTest, normalise, run, unit_slice

HARBOUR = """The town of Varn has a lighthouse. Ida Holm
built   the lighthouse in 1874.

Its lamp can be seen from forty
kilometres away.
"""


class Answers(CliTest):
    """What the bundled model answers."""

    def test_answer_alone_a_line_a_question(self):
        result = run("ask", "-q", "When was the lighthouse built?", "-q", "Who built the lighthouse?",
                     "-q", "From how far away can the lamp be seen?", "-c", HARBOUR)
        self.check(result, 0)
        lines = result.stdout.split("\n")
        self.assertEqual([normalise(line) for line in lines],
                         ["1874", "ida holm", "forty kilometres away", ""])

    def test_space_is_folded_in_plain_text_but_not_in_json(self):
        question = "From how far away can the lamp be seen?"
        plain = run("ask", "-q", question, stdin=HARBOUR)
        self.check(plain, 0, stdout="forty kilometres away\n")
        exact = run("ask", "-q", question, "--json", stdin=HARBOUR)
        self.check(exact, 0)
        self.assertEqual(exact.records()[0]["answer"], "forty\nkilometres away")

    def test_the_best_over_all_files_wins(self):
        self.write("a.txt", "Apples grow on trees.\n")
        self.write("b.txt", HARBOUR)
        self.write("c.txt", "It rained\nall day.\n")
        result = run("ask", "-q", "Who built the lighthouse?", "a.txt", "b.txt", "c.txt",
                     cwd=self.folder)
        self.check(result, 0, stdout="b.txt:1:Ida Holm\n")
        result = run("ask", "-q", "When was the lighthouse built?", "a.txt", "-", "c.txt",
                     cwd=self.folder, stdin=HARBOUR)
        self.check(result, 0, stdout="-:2:1874\n")

    def test_one_file_has_no_place(self):
        path = self.write("one.txt", HARBOUR)
        for args in ([path], ["--context-file", path], ["-"], []):
            result = run("ask", "-q", "When was the lighthouse built?", *args,
                         stdin=HARBOUR if args in ([], ["-"]) else b"")
            self.check(result, 0, stdout="1874\n")

    def test_works_from_any_folder_and_through_a_link(self):
        link = self.folder / "linked-bertqa"
        link.symlink_to(runner.BINARY)
        result = run("ask", "-q", "When was the lighthouse built?", "-c", HARBOUR, cwd="/")
        self.check(result, 0, stdout="1874\n")
        info = subprocess.run([link, "info"], cwd="/", env=runner.environment(), check=True,
                              capture_output=True, text=True)
        self.assertEqual(info.stdout.split()[:2], ["directory", str(runner.BUNDLED)])

    def test_transformers_paragraph(self):
        """The tutorial's three questions about a paragraph of our own with the same facts."""
        result = run("ask", "-q", "How many pretrained models are available in Transformers?",
                     "-q", "What do Transformers provide?",
                     "-q", "Between which frameworks do Transformers provide interoperability?",
                     runner.GOLDEN / "transformers.txt")
        self.check(result, 0)
        self.assertEqual([normalise(line) for line in result.stdout.splitlines()],
                         ["over 32", "generalpurpose architectures",
                          "tensorflow 20 and pytorch"])


class Json(CliTest):
    """`ask --json`."""

    def test_keys_and_their_order(self):
        result = self.run_tiny("ask", "-q", "who?", "-c", "the fox is big", "--json")
        self.check(result, 0)
        record = result.records()[0]
        self.assertEqual(list(record), ["question", "answer", "start", "end", "probability",
                                        "logit", "null_probability", "null_logit", "answers"])
        self.assertEqual(list(record["answers"][0]),
                         ["answer", "start", "end", "probability", "logit"])
        for key, value in record["answers"][0].items():
            self.assertEqual(record[key], value)

    def test_file_is_named_where_files_were_given(self):
        path = self.write("a.txt", "the fox is big")
        record = self.run_tiny("ask", "-q", "who?", "--json", path).records()[0]
        self.assertEqual(list(record)[:3], ["question", "answer", "file"])
        self.assertEqual(record["file"], str(path))
        self.assertEqual(record["answers"][0]["file"], str(path))

    def test_same_answer_as_batch(self):
        asked = self.run_tiny("ask", "-q", "who?", "-c", "the fox is big", "--json").records()[0]
        line = json.dumps({"question": "who?", "context": "the fox is big"})
        answered = self.run_tiny("batch", stdin=line).records()[0]
        del asked["question"]
        self.assertEqual(asked, answered)

    def test_offsets_in_three_units(self):
        context = "日本語 😀 é the fox 𝔸 in Paris 😀 city."
        for unit in ("codepoint", "byte", "utf16"):
            result = self.run_tiny("ask", "-q", "who?", "-c", context, "--json", "-k", "40",
                                   "--dedupe", "none", "--offsets", unit)
            answers = result.records()[0]["answers"]
            self.assertEqual(len(answers), 40)
            for answer in answers:
                self.assertEqual(unit_slice(context, answer["start"], answer["end"], unit),
                                 answer["answer"])

    def test_byte_order_mark_is_not_counted(self):
        path = self.write("bom.txt", "\ufefffox")
        record = self.run_tiny("ask", "-q", "who?", "--json", path).records()[0]
        self.assertEqual((record["answer"], record["start"], record["end"]), ("fox", 0, 3))


class TopK(CliTest):
    TEXT = "the big fox is in Paris the small dog is in the big city"

    def test_probability_and_answer_best_first(self):
        result = self.run_tiny("ask", "-q", "who?", "-c", self.TEXT, "-k", "4")
        self.check(result, 0)
        rows = [line.split("\t") for line in result.stdout.splitlines()]
        self.assertEqual(len(rows), 4)
        probabilities = [float(row[0]) for row in rows]
        self.assertEqual(probabilities, sorted(probabilities, reverse=True))
        record = self.run_tiny("ask", "-q", "who?", "-c", self.TEXT, "-k", "4",
                               "--json").records()[0]
        self.assertEqual([[repr(answer["probability"]), answer["answer"]]
                          for answer in record["answers"]],
                         [[repr(float(row[0])), row[1]] for row in rows])

    def test_files_and_lines_come_with_each(self):
        self.write("a.txt", "the fox\nis big")
        self.write("b.txt", "\n\nthe dog")
        result = self.run_tiny("ask", "-q", "who?", "a.txt", "b.txt", "-k", "100", "--dedupe",
                               "none", cwd=self.folder)
        self.check(result, 0)
        for line in result.stdout.splitlines():
            self.assertRegex(line, r"^[0-9.e-]+\t(a\.txt:[12]|b\.txt:3):[a-z ]+$")
        self.assertIn("\ta.txt:2:big\n", result.stdout)
        self.assertIn("\tb.txt:3:dog\n", result.stdout)

    def answers(self, *args):
        result = self.run_tiny("ask", "-q", "who?", "-c", self.TEXT, "--json", "-k", "50", *args)
        return result.records()[0]["answers"]

    def test_dedupe_only_hides(self):
        everything = self.answers("--dedupe", "none")
        spans = {(a["start"], a["end"]): a["probability"] for a in everything}
        self.assertEqual(len(spans), 50)
        apart = self.answers("--dedupe", "overlap")
        for index, one in enumerate(apart):
            for other in apart[index + 1:]:
                self.assertTrue(one["end"] <= other["start"] or other["end"] <= one["start"])
        texts = [a["answer"] for a in self.answers("--dedupe", "exact")]
        self.assertEqual(len(texts), len(set(texts)))
        for answer in apart:
            known = spans.get((answer["start"], answer["end"]))
            self.assertIn(known, (None, answer["probability"]))
        self.assertEqual(self.answers(), apart)

    def test_longest_answer(self):
        answers = self.answers("--dedupe", "none", "--max-answer-tokens", "2")
        self.assertEqual({len(a["answer"].split()) for a in answers}, {1, 2})


class NoAnswer(CliTest):
    ARGS = ("ask", "-q", "who?", "-c", "the fox is big")

    def test_threshold_decides(self):
        # The gap that cli.md compares with the threshold, from the record itself.
        record = self.run_tiny(*self.ARGS, "--json").records()[0]
        gap = record["null_logit"] - record["logit"]
        below = self.run_tiny(*self.ARGS, "--no-answer", "on", "--null-threshold", gap - 0.01)
        self.check(below, 1, stdout="\n")
        above = self.run_tiny(*self.ARGS, "--no-answer", "on", "--null-threshold", gap + 0.01)
        self.check(above, 0, stdout=record["answer"] + "\n")
        off = self.run_tiny(*self.ARGS, "--no-answer", "off")
        self.check(off, 0, stdout=record["answer"] + "\n")

    def test_json_says_why_and_keeps_the_guesses(self):
        guess = self.run_tiny(*self.ARGS, "--json").records()[0]
        result = self.run_tiny(*self.ARGS, "--json", "--no-answer", "on", "--null-threshold",
                               "-1000")
        self.check(result, 1)
        record = result.records()[0]
        self.assertEqual(list(record), ["question", "answer", "start", "end", "probability",
                                        "logit", "null_probability", "null_logit", "reason",
                                        "answers"])
        for key in ("answer", "start", "end", "probability", "logit"):
            self.assertIsNone(record[key])
        self.assertEqual(record["reason"], "null_threshold")
        self.assertEqual(record["answers"], guess["answers"])

    def test_exit_status_is_1_only_if_no_question_had_an_answer(self):
        # A threshold between the two gaps: one question has an answer, the other has not.
        args = ("ask", "-q", "who?", "-q", "when was the river born?", "-c", "the fox is big")
        records = self.run_tiny(*args, "--json").records()
        gaps = [record["null_logit"] - record["logit"] for record in records]
        self.assertNotEqual(gaps[0], gaps[1])
        result = self.run_tiny(*args, "--no-answer", "on", "--null-threshold", sum(gaps) / 2)
        self.check(result, 0)
        self.assertEqual(sorted(line == "" for line in result.stdout.split("\n")[:2]),
                         [False, True])

    def test_model_folder_gives_the_default(self):
        folder = self.folder / "cautious"
        runner.write_tiny_model(folder)
        (folder / "bertqa.json").write_text(
            '{"format_version": 1, "no_answer": true, "null_threshold": -1000}')
        self.check(run("ask", "-m", folder, *self.ARGS[1:]), 1, stdout="\n")
        self.assertEqual(run("ask", "-m", folder, *self.ARGS[1:], "--no-answer", "off").status, 0)


class Independent(CliTest):
    def test_crossed_or_the_two_maxima(self):
        crossed = 0
        for seed in range(12):
            context = " ".join(("the fox is in Paris city number one two big dog small river "
                                * 2).split()[seed:seed + 9])
            args = ("-q", "who?", "-c", context, "--json")
            result = self.run_tiny("ask", *args, "--decode", "independent")
            record = result.records()[0]
            tokens = [t for t in self.run_tiny("inspect", *args).records()[0]["tokens"]
                      if t["segment"] == "context"]
            start = max(tokens, key=lambda t: t["start_logit"])["start"]
            end = max(tokens, key=lambda t: t["end_logit"])["end"]
            if end <= start:
                crossed += 1
                self.assertEqual((result.status, record["answer"], record["reason"]),
                                 (1, None, "crossed"))
            else:
                self.assertEqual((result.status, record["start"], record["end"]), (0, start, end))
        self.assertGreater(crossed, 0, "no context of this test crosses: choose others")
        self.assertLess(crossed, 12, "every context of this test crosses: choose others")


class LongQuestion(CliTest):
    def test_it_is_cut_with_a_warning(self):
        question = " ".join(["who"] * 70)
        args = ("ask", "-c", "the fox is big", "-q", question)
        warned = self.run_tiny(*args)
        self.check(warned, 0, stderr="bertqa: warning: question cut to 64 tokens\n")
        self.check(self.run_tiny(*args, "--quiet"), 0, stdout=warned.stdout)
        record = self.run_tiny(*args, "--json").records()[0]
        self.assertEqual(record["warnings"], ["question cut to 64 tokens"])
        kept = self.run_tiny("ask", "-c", "the fox is big", "--json", "-q",
                             " ".join(["who"] * 64)).records()[0]
        self.assertEqual(record["answers"], kept["answers"])
        allowed = self.run_tiny(*args, "--max-question-tokens", "70", "--json").records()[0]
        self.assertNotIn("warnings", allowed)


if __name__ == "__main__":
    unittest.main()
