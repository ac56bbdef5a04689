"""`bertqa inspect`: how an answer came about."""

import json
import math
import unittest
import xml.etree.ElementTree

from runner import GOLDEN, CliTest, run, unit_slice

ANSWER_KEYS = ["answer", "start", "end", "probability", "logit"]
TOKEN_KEYS = ["token", "id", "start", "end", "segment", "window", "start_logit", "end_logit",
              "start_probability", "end_probability"]
QUESTION = "What do Transformers provide?"
FILE = GOLDEN / "transformers.txt"


class Json(CliTest):
    @classmethod
    def setUpClass(cls):
        cls.text = FILE.read_text()
        cls.result = run("inspect", "-q", QUESTION, FILE, "--json")
        cls.asked = run("ask", "-q", QUESTION, FILE, "--json").records()[0]

    def setUp(self):
        super().setUp()
        self.check(self.result, 0)
        self.record = self.result.records()[0]

    def test_keys_and_their_order(self):
        self.assertEqual(list(self.record),
                         ["answer", "joint", "independent", "differ", "windows", "tokens"])
        self.assertEqual(list(self.record["joint"]), ANSWER_KEYS)
        self.assertEqual(list(self.record["tokens"][0]), TOKEN_KEYS)
        self.assertEqual(self.record["windows"],
                         [{"first_token": 0, "last_token": len(self.context()) - 1}])

    def context(self):
        return [token for token in self.record["tokens"] if token["segment"] == "context"]

    def test_joint_answer_is_what_ask_says(self):
        self.assertEqual(self.record["answer"], self.asked["answer"])
        self.assertEqual(self.record["joint"], {key: self.asked[key] for key in ANSWER_KEYS})

    def test_tokens_are_the_input_of_the_model(self):
        tokens = self.record["tokens"]
        segments = [token["segment"] for token in tokens]
        self.assertEqual(segments, ["special"] + ["question"] * 5 + ["special"] +
                         ["context"] * (len(tokens) - 8) + ["special"])
        self.assertEqual([t["token"] for t in tokens[:7]],
                         ["[CLS]", "what", "do", "transformers", "provide", "?", "[SEP]"])
        self.assertEqual([t["id"] for t in tokens[:7]],
                         [101, 2054, 2079, 19081, 3073, 1029, 102])
        for token in tokens:
            source = {"question": QUESTION, "context": self.text}.get(token["segment"])
            if source is None:
                self.assertEqual((token["start"], token["end"]), (None, None))
            else:
                self.assertEqual(source[token["start"]:token["end"]].lower(),
                                 token["token"].removeprefix("##"))

    def test_probabilities_are_softmaxes_of_the_logits(self):
        for kind in ("start", "end"):
            logits = [token[kind + "_logit"] for token in self.record["tokens"]]
            total = sum(math.exp(logit - max(logits)) for logit in logits)
            for token, logit in zip(self.record["tokens"], logits):
                self.assertAlmostEqual(token[kind + "_probability"],
                                       math.exp(logit - max(logits)) / total, places=6)

    def test_joint_is_the_best_span_by_brute_force(self):
        context = self.context()
        best = max((first["start_logit"] + last["end_logit"], first["start"], last["end"])
                   for begin, first in enumerate(context) for last in context[begin:begin + 30])
        joint = self.record["joint"]
        self.assertEqual((joint["start"], joint["end"]), best[1:])
        self.assertAlmostEqual(joint["logit"], best[0], places=5)

    def test_independent_is_two_maxima_with_an_inclusive_end(self):
        context = self.context()
        start = max(context, key=lambda token: token["start_logit"])["start"]
        end = max(context, key=lambda token: token["end_logit"])["end"]
        independent = self.record["independent"]
        self.assertEqual((independent["start"], independent["end"]), (start, end))
        self.assertEqual(independent["answer"], self.text[start:end])
        self.assertEqual(self.record["differ"], self.record["joint"]["start"] != start or
                         self.record["joint"]["end"] != end)

    def test_offsets_in_three_units(self):
        question, text = "wo ist 𝔸?", "日本 😀 the fox é 𝔸 dog"
        for unit in ("codepoint", "byte", "utf16"):
            result = self.run_tiny("inspect", "-q", question, "-c", text, "--json", "--offsets",
                                   unit)
            tokens = {"question": [], "context": []}
            for token in result.records()[0]["tokens"]:
                if token["segment"] != "special":
                    source = question if token["segment"] == "question" else text
                    tokens[token["segment"]].append(
                        unit_slice(source, token["start"], token["end"], unit))
            self.assertEqual("".join(tokens["question"]), question.replace(" ", ""))
            self.assertEqual("".join(tokens["context"]), text.replace(" ", ""))


class Windows(CliTest):
    ARGS = ("--window-tokens", "24", "--overlap-tokens", "5", "--max-question-tokens", "8")

    def test_every_context_token_once_with_its_max_context_window(self):
        words = ("the a big small fox dog river city country tower is was built in by of " * 6)
        words = words.split()
        args = ("-q", "who was in?", "-c", " ".join(words), "--json", *self.ARGS)
        record = self.check(self.run_tiny("inspect", *args), 0).records()[0]
        windows = [(w["first_token"], w["last_token"]) for w in record["windows"]]
        self.assertEqual((windows[0][0], windows[-1][1]), (0, len(words) - 1))
        # 24 tokens less 4 of the question and 3 special ones; the step is 17 - 5.
        self.assertEqual(windows[:3], [(0, 16), (12, 28), (24, 40)])
        context = [token for token in record["tokens"] if token["segment"] == "context"]
        self.assertEqual([token["token"] for token in context], words)
        for index, token in enumerate(context):
            # google-research/bert run_squad.py, _check_is_max_context
            ranks = [min(index - first, last - index) + 0.01 * (last - first + 1)
                     if first <= index <= last else -1 for first, last in windows]
            self.assertEqual(token["window"], ranks.index(max(ranks)), index)
        asked = self.run_tiny("ask", *args).records()[0]
        self.assertEqual(record["joint"], {key: asked[key] for key in ANSWER_KEYS})

    def test_no_context_token(self):
        record = self.check(self.run_tiny("inspect", "-q", "who?", "-c", "", "--json"), 0)
        record = record.records()[0]
        self.assertEqual((record["answer"], record["tokens"], record["windows"]), (None, [], []))
        self.assertEqual(record["joint"]["reason"], "empty_context")


class Decodes(CliTest):
    def test_general_purpose_architectures(self):
        """The tutorial reads its table of scores with an exclusive end. The decode of BERT's paper
        has an inclusive one: the token with the highest end score belongs to the answer."""
        text = FILE.read_text()
        record = run("inspect", "-q", QUESTION, FILE, "--json").records()[0]
        context = [token for token in record["tokens"] if token["segment"] == "context"]
        last = max(context, key=lambda token: token["end_logit"])
        first = max(context, key=lambda token: token["start_logit"])
        self.assertEqual(last["token"], "##s")  # of architecture ##s
        exclusive = text[first["start"]:last["start"]]
        self.assertEqual(exclusive, "general-purpose architecture")
        self.assertEqual(record["independent"]["answer"], "general-purpose architectures")

    def test_table_in_a_pipe(self):
        result = self.check(run("inspect", "-q", QUESTION, FILE), 0)
        self.assertNotIn("\x1b", result.stdout)
        for text in ("architectures", "general-purpose architectures", "joint", "independent"):
            self.assertIn(text, result.stdout)

    def test_no_answer_names_the_best_guess(self):
        result = run("inspect", "-q", QUESTION, FILE, "--no-answer", "on", "--null-threshold", -1000)
        self.check(result, 0)
        best = run("ask", "-q", QUESTION, FILE).stdout.rstrip("\n")
        self.assertIn(f"no answer (the null term wins); best guess: {best}",
                      " ".join(result.stdout.split()))

    def test_crossed(self):
        for words in ("fox the is in", "city is the dog", "in the fox dog", "big fox in Paris the",
                      "the fox is big", "one two the of by", "river is small was"):
            args = ("-q", "who?", "-c", words, "--json")
            record = self.run_tiny("inspect", *args).records()[0]
            asked = self.run_tiny("ask", *args, "--decode", "independent").records()[0]
            self.assertEqual(record["independent"].get("reason"), asked.get("reason"))
            self.assertEqual(record["independent"]["answer"], asked["answer"])


class Svg(CliTest):
    def test_is_a_picture_with_the_answer_in_it(self):
        picture = self.folder / "map.svg"
        result = run("inspect", "-q", QUESTION, FILE, "--json", "--svg", picture)
        self.check(result, 0)
        root = xml.etree.ElementTree.parse(picture).getroot()
        self.assertEqual(root.tag, "{http://www.w3.org/2000/svg}svg")
        shown = " ".join(root.itertext())
        self.assertIn(result.records()[0]["answer"], shown)
        self.assertIn(QUESTION, shown)

    def test_text_that_is_markup_stays_text(self):
        picture = self.folder / "map.svg"
        question, text = "who <b>&\"?", "the <fox> & \"dog\" \x01 ]]> big"
        self.check(self.run_tiny("inspect", "-q", question, "-c", text, "--svg", picture), 0)
        shown = " ".join(xml.etree.ElementTree.parse(picture).getroot().itertext())
        self.assertIn("<b>&", shown)

    def test_device_is_written_in_place(self):
        result = self.run_tiny("inspect", "-q", "who?", "-c", "the fox", "--json", "--svg",
                               "/dev/stderr")
        self.assertEqual(result.status, 0)
        self.assertEqual(len(result.records()), 1)
        self.assertEqual(xml.etree.ElementTree.fromstring(result.stderr).tag,
                         "{http://www.w3.org/2000/svg}svg")


if __name__ == "__main__":
    unittest.main()
