"""The page: long texts, the heat map over the tokens, files."""

import math

from page_case import MIXED_TEXT, PLAIN_TEXT, PageCase, temporary_file, utf16_length, utf16_slice


def long_text():
    """Six thousand words, with what is asked for far down, and an alternative far up."""
    filler = "The harbour garden window by the river has a stone bridge and a winter market. " * 6
    lines = [filler + f"({number})" for number in range(60)]
    lines[4] = "The clock tower of the station was finished in 1802."
    lines[50] = "The clock tower of Lisbon was finished in the year 1755."
    return "\n".join(lines)


class LongTextTest(PageCase):
    def wait_until_seen(self):
        """Until what stands out is within the part of the text that is seen."""
        self.browser.wait(
            """(() => {
              const mark = document.querySelector('mark.current').getBoundingClientRect();
              const pane = document.getElementById('reading').getBoundingClientRect();
              return mark.height > 0 && mark.top >= Math.max(0, pane.top) &&
                     mark.bottom <= Math.min(pane.bottom, innerHeight);
            })()""",
            seconds=5,
        )

    def check(self, text):
        self.open()
        self.ask("When was the clock tower of Lisbon finished?", text)
        self.assertEqual(self.marked()["text"], "1755")
        self.wait_until_seen()
        ranks = self.browser.run(
            "return [...document.querySelectorAll('#answer-list .words')].map(w => w.innerText)"
        )
        self.browser.click(f"#answer-list li:nth-child({ranks.index('1802') + 1}) button")
        self.wait_until_seen()
        self.browser.press("Escape")
        selected = self.browser.run(
            "const c = document.activeElement;"
            "return [c.id, c.value.slice(c.selectionStart, c.selectionEnd), c.scrollTop > 0]"
        )
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
        sentence = "The harbour garden window by the river has a stone bridge"
        for name, unit in {
            "lines": sentence + "\n",
            "one line": sentence + " ",
            "one line without a space": sentence.replace(" ", "👩‍🚀"),
        }.items():
            with self.subTest(text=name):
                self.check_megabyte(unit)

    def check_megabyte(self, unit):
        begin = 17000 * utf16_length(unit) + utf16_length(unit[: unit.index("harbour")])
        answer = {"answer": "harbour", "start": begin, "end": begin + 7, "probability": 0.5}
        record = {**answer, "null_probability": 0.1, "answers": [answer]}
        self.fake(v1_answer=[{"status": 200, "body": record}])
        self.open()
        self.browser.run("document.getElementById('context').value = arguments[0]", unit * 18000)
        self.ask("What?")
        self.assertEqual(self.marked(), {"text": "harbour", "start": begin})
        self.wait_until_seen()
        whole = self.browser.run("""
          const blocks = [...document.querySelectorAll('.block')].map(block => block.textContent);
          return [blocks.join('') === document.getElementById('context').value,
                  blocks.every(text => text.isWellFormed() && !/^\\u200d|\\u200d$/.test(text))];
        """)
        self.assertEqual(whole, [True, True])  # and no character is cut in two


class HeatMapTest(PageCase):
    QUESTION = "How long does a worker live?"

    def open_heat_map(self, text):
        self.open()
        self.ask(self.QUESTION, text)
        self.browser.click("#heat-toggle")
        self.browser.wait("document.querySelector('.token')")

    def test_tokens_have_their_shades(self):
        text = MIXED_TEXT + " " + PLAIN_TEXT
        tokens = [
            token
            for token in self.record(self.QUESTION, text, "/v1/inspect")["tokens"]
            if token["segment"] == "context"
        ]
        self.open_heat_map(text)
        drawn = self.browser.run(
            "return [...document.querySelectorAll('.token')].map(t => [t.textContent,"
            "+t.style.getPropertyValue('--s'), +t.style.getPropertyValue('--e')])"
        )
        self.assertEqual(
            [words for words, _, _ in drawn],
            [utf16_slice(text, token["start"], token["end"]) for token in tokens],
        )
        for (_, start, end), token in zip(drawn, tokens):
            self.assertAlmostEqual(start, math.sqrt(token["start_probability"]), delta=0.001)
            self.assertAlmostEqual(end, math.sqrt(token["end_probability"]), delta=0.001)
        self.assertEqual(
            self.browser.run("return document.getElementById('reading').textContent"), text
        )
        self.assertEqual(self.marked()["text"], "six weeks")

    def test_figures_as_a_table(self):
        self.open_heat_map(PLAIN_TEXT)
        tokens = {
            token["token"]: token
            for token in self.record(self.QUESTION, PLAIN_TEXT, "/v1/inspect")["tokens"]
        }
        rows = self.browser.run(
            "return [...document.querySelectorAll('#heat-rows tr')]"
            ".map(row => [...row.cells].map(cell => cell.innerText))"
        )
        expected = f"{100 * tokens['six']['start_probability']:.1f} %"
        self.assertIn(expected, [start for words, start, _ in rows if words == "six"])
        self.assertIn("weeks", [words for words, _, _ in rows])

    def test_switched_off_again(self):
        self.open_heat_map(PLAIN_TEXT)
        self.assertEqual(self.browser.accessible("#heat-toggle"), ("button", "Heat map"))
        self.assertEqual(
            self.browser.run("return document.getElementById('heat-toggle').ariaPressed"), "true"
        )
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
        self.assertEqual(
            self.browser.run("return document.getElementById('context').value"), MIXED_TEXT + "\n"
        )
        self.assertIn("letter.txt", self.text_of("#size"))
        self.ask("When was the bridge opened?")
        self.assertEqual(self.marked()["text"], "1932")

    def test_a_file_that_is_no_utf8_is_refused(self):
        path = temporary_file(
            self, "latin1.txt", "�Kö".encode() + "ln".encode() + "ö".encode("latin-1")
        )
        self.open()
        before = self.browser.run("return document.getElementById('context').value")
        self.choose(path)
        self.browser.wait("!document.getElementById('problem').hidden")
        self.assertEqual(
            self.text_of("#problem"), "latin1.txt is no UTF-8 text: invalid at byte 8 (0xF6)."
        )
        self.assertEqual(
            self.browser.run("return document.getElementById('context').value"), before
        )

    def test_a_file_is_dropped(self):
        self.open()
        self.ask("How long does a worker live?", PLAIN_TEXT)  # so that it falls on an answered text
        self.browser.run(
            """
          const data = new DataTransfer();
          data.items.add(new File([arguments[0]], 'dropped.txt'));
          const options = {bubbles: true, cancelable: true, dataTransfer: data};
          const place = document.getElementById('reading');
          window.taken = !place.dispatchEvent(new DragEvent('dragover', options));
          place.dispatchEvent(new DragEvent('drop', options));
        """,
            MIXED_TEXT,
        )
        self.browser.wait("document.getElementById('size').textContent.includes('dropped.txt')")
        self.assertTrue(self.browser.run("return taken"))
        self.assertEqual(
            self.browser.run("return document.getElementById('context').value"), MIXED_TEXT
        )
        self.assertTrue(self.is_hidden("#answers"))
        self.assertFalse(self.is_hidden("#context"))
