"""The page: answers where they stand in the text."""

from page_case import MIXED_TEXT, PLAIN_TEXT, PageCase, utf16_slice


class AnswerTest(PageCase):
    def check(self, question, text, expected):
        record = self.record(question, text)
        self.ask(question, text)
        marked = self.marked()
        self.assertEqual(record["answer"], expected)
        self.assertEqual(marked, {"text": expected, "start": record["start"]})
        self.assertEqual(utf16_slice(text, record["start"], record["end"]), expected)
        self.assertEqual(
            self.browser.run("return document.getElementById('reading').textContent"), text
        )
        self.assertEqual(self.text_of("#answer-list .best .words"), expected)

    def test_answer_stands_out_where_it_stands(self):
        self.open()
        self.check("How long does a worker live?", PLAIN_TEXT, "six weeks")
        self.assert_quiet()

    def test_answer_behind_emoji_and_combining_marks(self):
        self.open()
        self.check("When was the bridge opened?", MIXED_TEXT, "1932")
        self.assertNotEqual(MIXED_TEXT.find("1932"), self.marked()["start"])

    def test_answer_with_emoji(self):
        self.open()
        self.check("What lives under the bridge?", MIXED_TEXT, "The 🦊")

    def test_answer_with_cjk(self):
        self.open()
        self.check("Who opened the bridge?", MIXED_TEXT, "engineers of 大阪")

    def test_answer_with_combining_marks(self):
        self.open()
        self.check(
            "What was painted in 1951?",
            "The Cafe\u0301 Ange\u0301lique was painted by 李明 in 1951.",
            "Cafe\u0301 Ange\u0301lique",
        )

    def test_a_text_from_right_to_left(self):
        text = "«המגדל» נמצא בלונדון. It was built in 1843.\nThe bridge was built in 1932."
        self.open()
        self.check("When was the bridge built?", text, "1932")
        directions = self.browser.run(
            "return [document.getElementById('context').dir,"
            "getComputedStyle(document.querySelector('.block')).unicodeBidi]"
        )
        self.assertEqual(directions, ["rtl", "plaintext"])

    def test_html_in_a_text_is_text(self):
        text = "<img src=x onerror=alert(1)> The <b>bridge</b> was opened in <i>1932</i>."
        self.open()
        self.check("When was the bridge opened?", text, "<i>1932")
        self.assertEqual(
            self.browser.run(
                "return document.querySelectorAll('#reading img, #reading i, #answers i').length"
            ),
            0,
        )
        self.assert_quiet()

    def test_what_is_said_beside_the_text(self):
        self.open()
        record = self.record("How long does a worker live?", PLAIN_TEXT)
        self.ask("How long does a worker live?", PLAIN_TEXT)
        percent = f"{100 * record['probability']:.1f} %"
        figures = self.browser.run(
            "return [...document.querySelectorAll('li .figure, #null-line .figure')].map(f => f.innerText)"
        )
        self.assertEqual(figures[0], percent)
        self.assertEqual(len(figures), len(record["answers"]) + 1)
        self.assertEqual(figures[-1], "< 0.1 %")  # no answer
        self.assertIn(f"Answer: six weeks, {percent}", self.text_of("#status"))

    def test_warnings_are_shown(self):
        self.open()
        self.ask(
            "How long does a worker live " + "in the green country of summer " * 20 + "?",
            PLAIN_TEXT,
        )
        self.assertIn("question cut to 64 tokens", self.text_of("#warnings"))

    def test_alternatives_are_chosen_by_mouse_and_by_keyboard(self):
        self.open()
        record = self.record("How long does a worker live?", PLAIN_TEXT)
        self.ask("How long does a worker live?", PLAIN_TEXT)
        ways = {
            1: lambda: self.browser.click("#answer-list li:nth-child(2) button"),
            2: lambda: self.browser.click("#reading mark[data-ranks='2']"),
            3: lambda: self.press_on("#answer-list li:nth-child(4) button", "Enter"),
            0: lambda: self.press_on("#reading mark[data-ranks='0']", "Enter"),
        }
        for rank, choose in ways.items():
            with self.subTest(rank=rank):
                choose()
                answer = record["answers"][rank]
                self.assertEqual(
                    self.marked(), {"text": answer["answer"], "start": answer["start"]}
                )
                chosen = self.browser.run(
                    "return [...document.querySelectorAll('#answer-list button')]"
                    ".map(b => b.getAttribute('aria-current')).indexOf('true')"
                )
                self.assertEqual(chosen, rank)
                pressed = self.browser.run(
                    "return [...document.querySelectorAll('mark[aria-pressed=true]')]"
                    ".map(m => m.dataset.label)"
                )
                self.assertEqual(pressed, [str(rank + 1)])
                self.assertIn(answer["answer"], self.text_of("#status"))

    def press_on(self, selector, key):
        self.browser.run("document.querySelector(arguments[0]).focus()", selector)
        self.browser.press(key)

    def test_answers_that_overlap_hide_none(self):
        self.fake(
            v1_answer=[
                {
                    "status": 200,
                    "body": {
                        "answer": "one queen, a few",
                        "start": 22,
                        "end": 38,
                        "probability": 0.5,
                        "null_probability": 0.1,
                        "answers": [
                            {
                                "answer": "one queen, a few",
                                "start": 22,
                                "end": 38,
                                "probability": 0.5,
                            },
                            {"answer": "queen", "start": 26, "end": 31, "probability": 0.2},
                            {"answer": "few hundred", "start": 35, "end": 46, "probability": 0.1},
                        ],
                    },
                }
            ]
        )
        self.open()
        self.ask("What?", PLAIN_TEXT)
        for rank, expected in enumerate(["one queen, a few", "queen", "few hundred"]):
            self.browser.click(f"#answer-list li:nth-child({rank + 1}) button")
            self.assertEqual(self.marked(), {"text": expected, "start": PLAIN_TEXT.index(expected)})
        self.assertEqual(
            self.browser.run("return document.getElementById('reading').textContent"), PLAIN_TEXT
        )

    def test_no_answer(self):
        question = "What color is a worker?"
        self.open()
        record = self.record(question, PLAIN_TEXT, no_answer=True)
        self.assertIsNone(record["answer"])
        self.browser.click("#options summary")
        self.browser.click("#no-answer")
        self.ask(question, PLAIN_TEXT)
        self.assertFalse(self.is_hidden("#no-answer-found"))
        self.assertIsNone(self.marked())
        self.assertEqual(
            self.text_of("#no-answer-probability"), f"{100 * record['null_probability']:.1f} %"
        )
        self.assertIn("No answer in this text", self.text_of("#status"))
        self.browser.click("#answer-list li:nth-child(1) button")  # the best guess
        self.assertEqual(self.marked()["text"], record["answers"][0]["answer"])

    def test_options_reach_the_server(self):
        self.fake()
        self.open()
        self.browser.click("#options summary")
        self.fill("#top-k", "2")
        self.fill("#max-answer-tokens", "1")
        self.ask("How long does a worker live?", PLAIN_TEXT)
        self.assertEqual(
            self.browser.run("return document.querySelectorAll('#answer-list li').length"), 2
        )
        body = self.browser.run("return requests.at(-1).body")
        self.assertEqual(
            (body["top_k"], body["max_answer_tokens"], body["offsets"]), (2, 1, "utf16")
        )

    def test_a_model_is_chosen_where_there_are_several(self):
        models = [
            {
                "name": name,
                "default": name == "b",
                "family": "bert",
                "precision": "int8",
                "no_answer": name == "b",
                "window_tokens": 384,
            }
            for name in ("a", "b")
        ]
        self.fake(
            v1_models=[{"status": 200, "body": {"models": models}}],
            v1_answer=[
                {"status": 200, "body": {"answer": None, "answers": [], "null_probability": 1}}
            ],
        )
        self.open()
        self.browser.click("#options summary")
        self.assertEqual(self.browser.run("return document.getElementById('model').value"), "b")
        self.assertTrue(self.browser.run("return document.getElementById('no-answer').checked"))
        self.browser.run(
            "const m = document.getElementById('model'); m.value = 'a';"
            "m.dispatchEvent(new Event('change'));"
        )
        self.ask("What?")
        body = self.browser.run("return requests.at(-1).body")
        self.assertEqual((body["model"], body["no_answer"]), ("a", False))
