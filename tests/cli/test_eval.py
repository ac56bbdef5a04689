"""`bertqa eval`: the figures of the official scripts."""

import collections
import json
import math
import unittest
import xml.etree.ElementTree

from runner import GOLDEN, CliTest, normalise, run

V1 = GOLDEN / "eval_sample_v1.json"
V2 = GOLDEN / "eval_sample_v2.json"


def gold_answers(path):
    document = json.loads(path.read_text())
    return {qa["id"]: [answer["text"] for answer in qa["answers"]]
            for article in document["data"] for paragraph in article["paragraphs"]
            for qa in paragraph["qas"]}


def f1_of(answer, gold):
    """F1 of two answers, as evaluate-v2.0.py defines it (1.1 differs on empty answers only)."""
    words, right = normalise(answer).split(), normalise(gold).split()
    if not words or not right:
        return float(words == right)
    common = sum((collections.Counter(words) & collections.Counter(right)).values())
    if common == 0:
        return 0.0
    precision, recall = common / len(words), common / len(right)
    return 2 * precision * recall / (precision + recall)


def figures(answers, gold):
    """exact, f1, total in percent."""
    exact = [max(float(normalise(answers[key]) == normalise(text)) for text in texts or [""])
             for key, texts in gold.items()]
    f1 = [max(f1_of(answers[key], text) for text in texts or [""])
          for key, texts in gold.items()]
    total = len(gold)
    return [100.0 * sum(exact) / total, 100.0 * sum(f1) / total, total]


def right_answer(answer, texts):
    return max(normalise(answer) == normalise(text) for text in texts or [""])


def calibration_error(records, gold):
    """Guo et al. 2017, eq. 3, in percent, of what `batch` says about each question."""
    bins = collections.defaultdict(list)
    for record in records:
        answer = record["answer"]
        probability = record["null_probability"] if answer is None else record["probability"]
        right = right_answer(answer or "", gold[record["id"]])
        bins[max(math.ceil(probability * 10), 1)].append((probability, right))
    return 100 / len(records) * sum(
        abs(sum(right for _, right in bin_) - sum(p for p, _ in bin_)) for bin_ in bins.values())


class Predictions(CliTest):
    """Without a model: $BERTQA_MODEL names none that exists."""

    ANSWERS = {"l1": "in 1874", "l2": "Ida Holm", "l3": "The forty kilometres!", "c1": "",
               "c2": "\"Wolke\" cake"}

    def eval(self, data, answers, *args):
        path = self.write("predictions.json", json.dumps(answers))
        return run("eval", data, "--predictions", path, *args, env={"BERTQA_MODEL": "/nowhere"})

    def test_v1(self):
        result = self.check(self.eval(V1, self.ANSWERS, "--json"), 0)
        report = json.loads(result.stdout)
        self.assertEqual(list(report), ["exact", "f1", "total"])
        expected = figures(self.ANSWERS, gold_answers(V1))
        self.assertEqual(list(report.values()), expected)
        self.assertGreater(expected[1], expected[0])

    def test_text_report_has_the_same_figures(self):
        text = self.check(self.eval(V1, self.ANSWERS), 0).stdout
        report = json.loads(self.eval(V1, self.ANSWERS, "--json").stdout)
        self.assertEqual([line.split() for line in text.splitlines()],
                         [[key, str(value)] for key, value in report.items()])

    def test_v2(self):
        answers = {"a1": "1874", "a2": "cliff above", "n1": "", "n2": "forty"}
        report = json.loads(self.check(self.eval(V2, answers, "--json"), 0).stdout)
        gold = gold_answers(V2)
        expected = figures(answers, gold)
        for prefix, keys in (("HasAns_", ("a1", "a2")), ("NoAns_", ("n1", "n2"))):
            expected += figures(answers, {key: gold[key] for key in keys})
        self.assertEqual(list(report), [prefix + name for prefix in ("", "HasAns_", "NoAns_")
                                        for name in ("exact", "f1", "total")])
        self.assertEqual(list(report.values()), expected)

    def test_threshold_search(self):
        answers = {"a1": "1874", "a2": "a cliff", "n1": "Ida Holm", "n2": "forty"}
        scores = {"a1": 0.1, "a2": 0.6, "n1": 0.4, "n2": 0.9}
        path = self.write("na.json", json.dumps(scores))
        report = json.loads(self.check(self.eval(V2, answers, "--na-probs", path,
                                                 "--threshold-search", "--json"), 0).stdout)
        # Every threshold by hand: keep the answers whose score is at most it.
        gold = gold_answers(V2)
        for name, place in (("exact", 0), ("f1", 1)):
            best = max(
                figures({key: text if scores[key] <= threshold else ""
                         for key, text in answers.items()}, gold)[place]
                for threshold in [-1.0, *scores.values()])
            self.assertEqual(report["best_" + name], best)
            kept = {key: text if scores[key] <= report[f"best_{name}_thresh"] else ""
                    for key, text in answers.items()}
            self.assertEqual(figures(kept, gold)[place], best)

    def test_missing_prediction_v1_counts_as_wrong(self):
        answers = {key: text for key, text in self.ANSWERS.items() if key != "l2"}
        result = self.check(self.eval(V1, answers, "--json"), 0, stderr="bertqa: 1 questions have "
                            "no prediction, the first is l2\n")
        self.assertEqual(json.loads(result.stdout)["exact"],
                         figures({**answers, "l2": "-nothing-"}, gold_answers(V1))[0])

    def test_bounds(self):
        exact, f1, _ = figures(self.ANSWERS, gold_answers(V1))
        self.check(self.eval(V1, self.ANSWERS, "--min-f1", f1, "--min-em", exact), 0)
        result = self.eval(V1, self.ANSWERS, "--min-f1", f1 + 0.01, "--min-em", exact + 0.5)
        self.check(result, 1, stderr=f"bertqa: exact {exact} is below the bound {exact + 0.5}\n"
                   f"bertqa: f1 {f1} is below the bound {f1 + 0.01}\n")
        self.assertIn("exact", result.stdout)

    def test_broken_files(self):
        path = self.folder / "predictions.json"
        self.check(self.eval(V1, ["a"]), 3, "", f"bertqa: {path}: an object of ids is expected\n")
        self.check(self.eval(V1, {"l1": 5}), 3, "",
                   f'bertqa: {path}: "l1" is number, a string is expected\n')
        data = self.write("data.json", '{"data": [{"paragraphs": [{"context": "x"}]}]}')
        self.check(self.eval(data, {}), 3, "",
                   f'bertqa: {data}: document.data[0].paragraphs[0]: no "qas"\n')
        self.write("data.json", '{"data": []}')
        self.check(self.eval(data, {}), 3, "", f"bertqa: {data}: no question in it\n")
        self.write("data.json", "[]")
        self.check(self.eval(data, {}), 3, "",
                   f"bertqa: {data}: document: is array, an object is expected\n")


class Model(CliTest):
    def test_figures_are_those_of_the_saved_predictions(self):
        path = self.folder / "predictions.json"
        result = self.check(run("eval", V1, "--save-predictions", path, "--json"), 0)
        answers = json.loads(path.read_text())
        self.assertEqual(list(answers), list(gold_answers(V1)))
        report = json.loads(result.stdout)
        self.assertEqual(list(report), ["exact", "f1", "total", "ece"])
        self.assertEqual(list(report.values())[:3], figures(answers, gold_answers(V1)))
        again = json.loads(run("eval", V1, "--predictions", path, "--json").stdout)
        self.assertEqual(again, {key: report[key] for key in ("exact", "f1", "total")})
        batch = run("batch", V1, "--output-format", "squad")
        self.assertEqual(batch.stdout, path.read_text())

    def test_abstaining_on_v2(self):
        advice = "bertqa: the file has unanswerable questions: --no-answer on lets the model " \
                 "abstain\n"
        result = self.run_tiny("eval", V2, "--json")
        self.check(result, 0, stderr=advice)
        self.assertEqual(json.loads(result.stdout)["NoAns_exact"], 0.0)
        self.check(self.run_tiny("eval", V2, "--json", "--quiet"), 0, result.stdout)
        result = self.run_tiny("eval", V2, "--json", "--no-answer", "on", "--null-threshold",
                               "-1000")
        self.check(result, 0)
        report = json.loads(result.stdout)
        self.assertEqual((report["NoAns_exact"], report["HasAns_exact"]), (100.0, 0.0))

    def test_threshold_found_is_one_for_null_threshold(self):
        search = json.loads(run("eval", V2, "--json", "--threshold-search", "--quiet").stdout)
        threshold = repr(search["best_exact_thresh"])
        result = run("eval", V2, "--json", "--no-answer", "on", "--null-threshold=" + threshold)
        self.assertEqual(json.loads(result.stdout)["exact"], search["best_exact"])
        self.assertEqual(list(search)[-3:], ["best_f1_thresh", "no_answer_auc", "ece"])


class Separation(CliTest):
    def test_auc_is_that_of_the_scores_batch_gives(self):
        gold = gold_answers(V2)
        records = run("batch", V2, "--no-answer", "on").records()
        scores = [(record["null_logit"] - record["answers"][0]["logit"], not gold[record["id"]])
                  for record in records]
        pairs = [(without > having) + 0.5 * (without == having)
                 for without, is_without in scores if is_without
                 for having, is_having in scores if not is_having]
        for options in ((), ("--no-answer", "on")):
            with self.subTest(options=options):
                report = json.loads(run("eval", V2, "--json", "--quiet", *options).stdout)
                self.assertAlmostEqual(report["no_answer_auc"], sum(pairs) / len(pairs))

    def test_it_needs_both_kinds_of_questions(self):
        document = json.loads(V2.read_text())
        for article in document["data"]:
            for paragraph in article["paragraphs"]:
                paragraph["qas"] = [qa for qa in paragraph["qas"] if not qa["answers"]]
        none = self.write("none.json", json.dumps(document))
        report = json.loads(run("eval", none, "--json", "--quiet").stdout)
        self.assertNotIn("no_answer_auc", report)


class Calibration(CliTest):
    def test_ece_is_that_of_the_answers_batch_gives(self):
        abstain = ("--no-answer", "on", "--null-threshold", "-1")
        abstained = 0
        for data, options in ((V1, ()), (V2, ("--quiet",)), (V2, abstain)):
            with self.subTest(data=data.name, options=options):
                report = json.loads(run("eval", data, "--json", *options).stdout)
                records = run("batch", data, *options).records()
                abstained += sum(record["answer"] is None for record in records)
                self.assertAlmostEqual(report["ece"],
                                       calibration_error(records, gold_answers(data)), places=4)
                self.assertGreater(report["ece"], 0)
        self.assertGreater(abstained, 0)

    def test_text_and_json_agree(self):
        text = self.check(run("eval", V1), 0).stdout
        report = json.loads(run("eval", V1, "--json").stdout)
        self.assertEqual(text.splitlines()[-1].split(), ["ece", str(report["ece"])])

    def test_reliability_diagram(self):
        path = self.folder / "reliability.svg"
        result = self.check(run("eval", V1, "--json", "--reliability", path), 0)
        self.assertEqual(result.stdout, run("eval", V1, "--json").stdout)
        svg = xml.etree.ElementTree.parse(path).getroot()
        self.assertEqual(svg.find("{*}title").text, "Reliability on eval_sample_v1.json")
        ece = json.loads(result.stdout)["ece"]
        self.assertIn(f"Expected calibration error: {ece:.1f} %, over 5 answers.",
                      svg.find("{*}desc").text)

    def test_reliability_needs_a_model_and_a_place(self):
        predictions = self.write("predictions.json", "{}")
        self.check_usage(run("eval", V1, "--predictions", predictions, "--reliability", "x.svg"),
                         "--reliability: --predictions have no probabilities")
        path = self.folder / "nowhere" / "x.svg"
        result = run("eval", V1, "--reliability", path)
        self.assertEqual((result.status, result.stdout), (4, ""))

    def test_a_question_that_fails_has_no_probability(self):
        context = "Paris is big."
        qas = [{"id": "a", "question": " ", "answers": [{"text": "Paris", "answer_start": 0}]},
               {"id": "b", "question": "What is big?",
                "answers": [{"text": "Paris", "answer_start": 0}]}]
        data = {"version": "1.1", "data": [{"paragraphs": [{"context": context, "qas": qas}]}]}
        path = self.write("data.json", json.dumps(data))
        result = run("eval", path, "--json", "--reliability", self.folder / "r.svg")
        self.assertEqual(json.loads(result.stdout)["total"], 2)
        self.assertIn("over 1 answer.", (self.folder / "r.svg").read_text())
        data["data"][0]["paragraphs"][0]["qas"] = qas[:1]
        path = self.write("data.json", json.dumps(data))
        self.assertEqual(list(json.loads(run("eval", path, "--json").stdout)),
                         ["exact", "f1", "total"])


if __name__ == "__main__":
    unittest.main()
