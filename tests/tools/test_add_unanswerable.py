"""Questions that are added have no answer where they are asked."""

import copy
import random
import unittest

import add_unanswerable


def answered(name, question, answer):
    return {"id": name, "question": question, "answers": [{"text": answer, "answer_start": 0}]}


def article(*paragraphs):
    return {"title": "t", "paragraphs": [{"context": context, "qas": list(questions)}
                                         for context, questions in paragraphs]}


GARDEN = {"data": [
    article(("Zion Park opened in 1901. Ada Lund drew the plan of its pond.",
             [answered("pond", "Who drew the plan of the pond of Zion Park?", "Ada Lund"),
              answered("year", "Since when is Zion Park, which opened in 1901, there?", "1901")]),
            ("The plan of the bridge of Elm Garden, drawn in 1920, is by Bo Ek. The pond is small.",
             [answered("bridge", "Who drew in 1920 the bridge of Elm Garden?", "Bo Ek")])),
    article(("Alone.", [answered("alone", "Who is Alone in 1999?", "Alone")]))]}


class AddUnanswerableTest(unittest.TestCase):
    def add(self, share, altered, seed=1):
        document = copy.deepcopy(GARDEN)
        self.counts = add_unanswerable.add(document, share, altered, random.Random(seed))
        return {question["id"]: (question, paragraph) for article in document["data"]
                for paragraph in article["paragraphs"] for question in paragraph["qas"]}

    def test_what_is_there_stays(self):
        found = self.add(0.9, 0.5)
        for entry in GARDEN["data"]:
            for paragraph in entry["paragraphs"]:
                for question in paragraph["qas"]:
                    self.assertEqual(found[question["id"]][0], question)
        self.assertEqual(self.counts["questions"], len(found))
        self.assertEqual(self.counts["unanswerable"],
                         sum(not question["answers"] for question, _ in found.values()))

    def test_elsewhere_is_familiar_and_without_the_answer(self):
        found = self.add(0.9, 0)
        question, paragraph = found["pond-elsewhere"]
        self.assertEqual(question["question"], "Who drew the plan of the pond of Zion Park?")
        self.assertTrue(paragraph["context"].startswith("The plan of the bridge"))
        self.assertTrue(question["is_impossible"])
        self.assertNotIn("alone-elsewhere", found)  # there is no other paragraph

    def test_altered_is_about_its_own_paragraph(self):
        found = self.add(0.9, 1)
        question, paragraph = found["pond-altered"]
        self.assertEqual(question["question"], "Who drew the plan of the pond of Elm Garden?")
        self.assertIs(paragraph, found["pond"][1])
        self.assertTrue(question["is_impossible"])

    def test_exchanged_names_something_of_the_same_kind_that_is_not_there(self):
        zion, elm = GARDEN["data"][0]["paragraphs"]
        year = "Since when is Zion Park, which opened in 1901, there?"
        found = {add_unanswerable.exchanged(year, zion, [zion, elm], random.Random(seed))
                 for seed in range(20)}
        self.assertEqual(found, {"Since when is Elm Garden, which opened in 1901, there?",
                                 "Since when is Zion Park, which opened in 1920, there?"})
        self.assertIsNone(add_unanswerable.exchanged(year, zion, [zion], random.Random(1)))

    def test_opposite_is_not_in_the_paragraph(self):
        def opposite(text, context):
            return add_unanswerable.reversed_sense(text, {"context": context}, random.Random(1))

        self.assertEqual(opposite("Who won the first race?", "Ada lost."), "Who won the last race?")
        self.assertEqual(opposite("Which is smallest?", "Ada."), "Which is largest?")
        self.assertIsNone(opposite("Who won the race?", "Ada won, Bo lost."))
        self.assertIsNone(opposite("Who is it?", "Ada."))

    def test_negated(self):
        def negated(text):
            return {add_unanswerable.negated(text, random.Random(seed)) for seed in range(20)}

        self.assertEqual(negated("Where did Ada go?"), {"Where didn't Ada go?"})
        self.assertEqual(negated("What was it?"), {"What was not it?", "What wasn't it?"})
        self.assertEqual(negated("Who opened it?"), {"Who never opened it?"})
        self.assertEqual(negated("Who built it?"), {None})
        for already in ("Who did not go?", "Who didn't go?", "Who never was?"):
            self.assertEqual(negated(already), {None})

    def test_share_and_seed(self):
        self.assertEqual(self.add(0.2, 1), self.add(0.2, 1))
        self.assertEqual(self.counts, {"added": 1, "unanswerable": 1, "questions": 5})


if __name__ == "__main__":
    unittest.main()
