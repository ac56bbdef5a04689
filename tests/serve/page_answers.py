"""The page: answers and the heat map where they stand in the text."""

import math

from page_case import MIXED_TEXT, PLAIN_TEXT, PageCase, temporary_file, utf16_slice


def long_text():
    """Six thousand words, with what is asked for far down, and an alternative far up."""
    filler = "The harbour garden window by the river has a stone bridge and a winter market. " * 6
    lines = [filler + f"({number})" for number in range(60)]
    lines[4] = "The clock tower of the station was finished in 1802."
    lines[50] = "The clock tower of Lisbon was finished in the year 1755."
    return "\n".join(lines)


class AnswerTest(PageCase):
    def check(self, question, text, expected):
        record = self.record(question, text)
        self.ask(question, text)
        marked = self.marked()
        self.assertEqual(record["answer"], expected)
        self.assertEqual(marked, {"text": expected, "start": record["start"]})
        self.assertEqual(utf16_slice(text, record["start"], record["end"]), expected)
        self.assertEqual(self.browser.run("return document.getElementById('reading').textContent"), text)
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
        self.check("What was painted in 1951?", "The Cafe\u0301 Ange\u0301lique was painted by 李明 in 1951.",
                   "The Cafe\u0301 Ange\u0301lique")

    def test_a_text_from_right_to_left(self):
        text = "«המגדל» נמצא בלונדון. It was built in 1843.\nThe bridge was built in 1932."
        self.open()
        self.check("When was the bridge built?", text, "1932")
        directions = self.browser.run("return [document.getElementById('context').dir,"
                                      "getComputedStyle(document.querySelector('.block')).unicodeBidi]")
        self.assertEqual(directions, ["rtl", "plaintext"])

    def test_html_in_a_text_is_text(self):
        text = "<img src=x onerror=alert(1)> The <b>bridge</b> was opened in <i>1932</i>."
        self.open()
        self.check("When was the bridge opened?", text, "<i>1932")
        self.assertEqual(self.browser.run("return document.querySelectorAll('#reading img, #reading i, #answers i').length"), 0)
        self.assert_quiet()

    def test_what_is_said_beside_the_text(self):
        self.open()
        record = self.record("How long does a worker live?", PLAIN_TEXT)
        self.ask("How long does a worker live?", PLAIN_TEXT)
        percent = f"{100 * record['probability']:.1f} %"
        figures = self.browser.run("return [...document.querySelectorAll('#answers .figure')].map(f => f.innerText)")
        self.assertEqual(figures[0], percent)
        self.assertEqual(len(figures), len(record["answers"]) + 1)
        self.assertEqual(figures[-1], "< 0.1 %")  # no answer
        self.assertIn(f"Answer: six weeks, {percent}", self.text_of("#status"))

    def test_warnings_are_shown(self):
        self.open()
        self.ask("How long does a worker live " + "in the green country of summer " * 20 + "?", PLAIN_TEXT)
        self.assertIn("question cut to 64 tokens", self.text_of("#warnings"))

    def test_alternatives_are_chosen_by_mouse_and_by_keyboard(self):
        self.open()
        record = self.record("How long does a worker live?", PLAIN_TEXT)
        self.ask("How long does a worker live?", PLAIN_TEXT)
        ways = {1: lambda: self.browser.click("#answer-list li:nth-child(2) button"),
                2: lambda: self.browser.click("#reading mark[data-ranks='2']"),
                3: lambda: self.press_on("#answer-list li:nth-child(4) button", "Enter"),
                0: lambda: self.press_on("#reading mark[data-ranks='0']", "Enter")}
        for rank, choose in ways.items():
            with self.subTest(rank=rank):
                choose()
                answer = record["answers"][rank]
                self.assertEqual(self.marked(), {"text": answer["answer"], "start": answer["start"]})
                chosen = self.browser.run("return [...document.querySelectorAll('#answer-list button')]"
                                          ".map(b => b.getAttribute('aria-current')).indexOf('true')")
                self.assertEqual(chosen, rank)
                pressed = self.browser.run("return [...document.querySelectorAll('mark[aria-pressed=true]')]"
                                           ".map(m => m.dataset.label)")
                self.assertEqual(pressed, [str(rank + 1)])
                self.assertIn(answer["answer"], self.text_of("#status"))

    def press_on(self, selector, key):
        self.browser.run("document.querySelector(arguments[0]).focus()", selector)
        self.browser.press(key)

    def test_answers_that_overlap_hide_none(self):
        self.fake(v1_answer=[{"status": 200, "body": {
            "answer": "one queen, a few", "start": 22, "end": 38, "probability": 0.5, "null_probability": 0.1,
            "answers": [{"answer": "one queen, a few", "start": 22, "end": 38, "probability": 0.5},
                        {"answer": "queen", "start": 26, "end": 31, "probability": 0.2},
                        {"answer": "few hundred", "start": 35, "end": 46, "probability": 0.1}]}}])
        self.open()
        self.ask("What?", PLAIN_TEXT)
        for rank, expected in enumerate(["one queen, a few", "queen", "few hundred"]):
            self.browser.click(f"#answer-list li:nth-child({rank + 1}) button")
            self.assertEqual(self.marked(), {"text": expected, "start": PLAIN_TEXT.index(expected)})
        self.assertEqual(self.browser.run("return document.getElementById('reading').textContent"), PLAIN_TEXT)

    def test_no_answer(self):
        question = "What is the capital of Peru?"
        self.open()
        record = self.record(question, PLAIN_TEXT, no_answer=True)
        self.assertIsNone(record["answer"])
        self.browser.click("#options summary")
        self.browser.click("#no-answer")
        self.ask(question, PLAIN_TEXT)
        self.assertFalse(self.is_hidden("#no-answer-found"))
        self.assertIsNone(self.marked())
        self.assertEqual(self.text_of("#null-probability"), f"{100 * record['null_probability']:.1f} %")
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
        self.assertEqual(self.browser.run("return document.querySelectorAll('#answer-list li').length"), 2)
        body = self.browser.run("return requests.at(-1).body")
        self.assertEqual((body["top_k"], body["max_answer_tokens"], body["offsets"]), (2, 1, "utf16"))

    def test_a_model_is_chosen_where_there_are_several(self):
        models = [{"name": name, "default": name == "b", "family": "bert", "precision": "int8",
                   "no_answer": name == "b", "window_tokens": 384} for name in ("a", "b")]
        self.fake(v1_models=[{"status": 200, "body": {"models": models}}],
                  v1_answer=[{"status": 200, "body": {"answer": None, "answers": [], "null_probability": 1}}])
        self.open()
        self.browser.click("#options summary")
        self.assertEqual(self.browser.run("return document.getElementById('model').value"), "b")
        self.assertTrue(self.browser.run("return document.getElementById('no-answer').checked"))
        self.browser.run("const m = document.getElementById('model'); m.value = 'a';"
                         "m.dispatchEvent(new Event('change'));")
        self.ask("What?")
        body = self.browser.run("return requests.at(-1).body")
        self.assertEqual((body["model"], body["no_answer"]), ("a", False))


class LongTextTest(PageCase):
    def is_seen(self):
        """Whether what stands out is within the part of the text that is seen."""
        return self.browser.run("""
          const mark = document.querySelector('mark.current').getBoundingClientRect();
          const pane = document.getElementById('reading').getBoundingClientRect();
          return mark.height > 0 && mark.top >= Math.max(0, pane.top) && mark.bottom <= Math.min(pane.bottom, innerHeight);
        """)

    def check(self, text):
        self.open()
        self.ask("When was the clock tower of Lisbon finished?", text)
        self.assertEqual(self.marked()["text"], "1755")
        self.assertTrue(self.is_seen())
        ranks = self.browser.run("return [...document.querySelectorAll('#answer-list .words')].map(w => w.innerText)")
        self.browser.click(f"#answer-list li:nth-child({ranks.index('1802') + 1}) button")
        self.assertTrue(self.is_seen())
        self.browser.press("Escape")
        selected = self.browser.run("const c = document.activeElement;"
                                    "return [c.id, c.value.slice(c.selectionStart, c.selectionEnd), c.scrollTop > 0]")
        self.assertEqual(selected, ["context", "1802", True])

    def test_scrolled_to_the_answer(self):
        self.check(long_text())

    def test_the_answer_is_in_the_middle(self):
        self.open()
        self.ask("When was the clock tower of Lisbon finished?", long_text())
        place = self.browser.run("""
          const mark = document.querySelector('mark.current').getBoundingClientRect();
          const pane = document.getElementById('reading').getBoundingClientRect();
          return (mark.top - pane.top) / pane.height;
        """)
        self.assertAlmostEqual(place, 0.5, delta=0.1)

    def test_scrolled_to_the_answer_on_a_narrow_screen(self):
        self.look(width=360, height=640)
        self.check(long_text())

    def test_a_megabyte_is_drawn_whole(self):
        # Without a model, whose time is not the page's: see test_scrolled_to_the_answer.
        for end in ("\n", " ", "。"):
            with self.subTest(end=end):
                text = ("The harbour garden window by the river has a stone bridge" + end) * 18000
                start = 17000 * (len(text) // 18000) + 4
                answer = {"answer": "harbour", "start": start, "end": start + 7, "probability": 0.5}
                self.fake(v1_answer=[{"status": 200, "body": {**answer, "null_probability": 0.1, "answers": [answer]}}])
                self.open()
                self.browser.run("document.getElementById('context').value = arguments[0]", text)
                self.ask("What?")
                self.assertEqual(self.marked(), {"text": "harbour", "start": start})
                self.assertTrue(self.is_seen())
                self.assertTrue(self.browser.run("return document.getElementById('reading').textContent === "
                                                 "document.getElementById('context').value"))


class HeatMapTest(PageCase):
    QUESTION = "How long does a worker live?"

    def open_heat_map(self, text):
        self.open()
        self.ask(self.QUESTION, text)
        self.browser.click("#heat-toggle")
        self.browser.wait("document.querySelector('.token')")

    def test_tokens_have_their_shades(self):
        text = MIXED_TEXT + " " + PLAIN_TEXT
        tokens = [token for token in self.record(self.QUESTION, text, "/v1/inspect")["tokens"]
                  if token["segment"] == "context"]
        self.open_heat_map(text)
        drawn = self.browser.run("return [...document.querySelectorAll('.token')].map(t => [t.textContent,"
                                 "+t.style.getPropertyValue('--s'), +t.style.getPropertyValue('--e')])")
        self.assertEqual([words for words, _, _ in drawn],
                         [utf16_slice(text, token["start"], token["end"]) for token in tokens])
        for (_, start, end), token in zip(drawn, tokens):
            self.assertAlmostEqual(start, math.sqrt(token["start_probability"]), delta=0.001)
            self.assertAlmostEqual(end, math.sqrt(token["end_probability"]), delta=0.001)
        self.assertEqual(self.browser.run("return document.getElementById('reading').textContent"), text)
        self.assertEqual(self.marked()["text"], "six weeks")

    def test_figures_as_a_table(self):
        self.open_heat_map(PLAIN_TEXT)
        tokens = {token["token"]: token for token in self.record(self.QUESTION, PLAIN_TEXT, "/v1/inspect")["tokens"]}
        rows = self.browser.run("return [...document.querySelectorAll('#heat-rows tr')]"
                                ".map(row => [...row.cells].map(cell => cell.innerText))")
        expected = f"{100 * tokens['six']['start_probability']:.1f} %"
        self.assertIn(expected, [start for words, start, _ in rows if words == "six"])
        self.assertIn("weeks", [words for words, _, _ in rows])

    def test_switched_off_again(self):
        self.open_heat_map(PLAIN_TEXT)
        self.assertEqual(self.browser.accessible("#heat-toggle"), ("button", "Heat map"))
        self.assertEqual(self.browser.run("return document.getElementById('heat-toggle').ariaPressed"), "true")
        self.browser.click("#heat-toggle")
        self.assertEqual(self.browser.run("return document.querySelectorAll('.token').length"), 0)
        self.assertTrue(self.is_hidden("#heat"))
        self.assertEqual(self.marked()["text"], "six weeks")

    def test_stays_on_for_the_next_question(self):
        self.open_heat_map(PLAIN_TEXT)
        self.ask("How many workers are there?")
        self.browser.wait("document.querySelector('.token')")
        self.assertEqual(self.marked()["text"], "60,000")


class FileTest(PageCase):
    def choose(self, path):
        self.browser.type("#file", path)

    def test_a_file_is_the_text(self):
        path = temporary_file(self, "letter.txt", b"\xef\xbb\xbf" + MIXED_TEXT.encode() + b"\r\n")
        self.open()
        self.choose(path)
        self.browser.wait("document.getElementById('size').textContent")
        self.assertEqual(self.browser.run("return document.getElementById('context').value"), MIXED_TEXT + "\n")
        self.assertIn("letter.txt", self.text_of("#size"))
        self.ask("When was the bridge opened?")
        self.assertEqual(self.marked()["text"], "1932")

    def test_a_file_that_is_no_utf8_is_refused(self):
        path = temporary_file(self, "latin1.txt", "�Kö".encode() + "ln".encode() + "ö".encode("latin-1"))
        self.open()
        before = self.browser.run("return document.getElementById('context').value")
        self.choose(path)
        self.browser.wait("!document.getElementById('problem').hidden")
        self.assertEqual(self.text_of("#problem"), "latin1.txt is no UTF-8 text: invalid at byte 8 (0xF6).")
        self.assertEqual(self.browser.run("return document.getElementById('context').value"), before)

    def test_a_file_is_dropped(self):
        self.open()
        self.ask("How long does a worker live?", PLAIN_TEXT)  # so that it falls on an answered text
        self.browser.run("""
          const data = new DataTransfer();
          data.items.add(new File([arguments[0]], 'dropped.txt'));
          const options = {bubbles: true, cancelable: true, dataTransfer: data};
          const place = document.getElementById('reading');
          window.taken = !place.dispatchEvent(new DragEvent('dragover', options));
          place.dispatchEvent(new DragEvent('drop', options));
        """, MIXED_TEXT)
        self.browser.wait("document.getElementById('size').textContent.includes('dropped.txt')")
        self.assertTrue(self.browser.run("return taken"))
        self.assertEqual(self.browser.run("return document.getElementById('context').value"), MIXED_TEXT)
        self.assertTrue(self.is_hidden("#answers"))
        self.assertFalse(self.is_hidden("#context"))
