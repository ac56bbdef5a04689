"""The page: what a person sees when the server says no, is busy, or is gone."""

from page_case import PLAIN_TEXT, PageCase, temporary_file

QUESTION = "How long does a worker live?"
BUSY = {
    "status": 429,
    "headers": {"Retry-After": "0.05"},
    "body": {
        "type": "about:blank",
        "title": "Too Many Requests",
        "status": 429,
        "detail": "too many questions are waiting",
        "code": "queue_full",
    },
}


class TroubleTest(PageCase):
    def wait_for_problem(self):
        self.browser.wait(
            "!document.querySelector('.busy') && !document.getElementById('problem').hidden"
        )
        return self.text_of("#problem")

    def press_ask(self, question, text):
        self.fill("#context", text)
        self.fill("#question", question)
        self.browser.press("Enter")

    def test_a_text_that_is_too_long(self):
        server = self.serve("--max-body-bytes", "2000")
        self.open(server.url)
        self.press_ask(QUESTION, PLAIN_TEXT * 20)
        problem = self.wait_for_problem()
        self.assertIn("2000", problem)
        self.assertIn("413", problem)
        self.assertFalse(self.is_hidden("#context"))  # to be shortened
        self.ask(QUESTION, PLAIN_TEXT)
        self.assertTrue(self.is_hidden("#problem"))
        self.assertEqual(self.marked()["text"], "six weeks")

    def test_a_question_that_the_server_refuses(self):
        self.open()
        self.ask(QUESTION, PLAIN_TEXT)
        self.fill("#question", "\u200d")
        self.browser.press("Enter")  # a character that BERT removes
        self.assertIn("the question is empty", self.wait_for_problem())
        self.assertTrue(self.is_hidden("#answers"))  # they are not of this question
        self.assertEqual(self.browser.accessible("#problem")[0], "alert")
        self.assert_focus("question")

    def assert_focus(self, name):
        self.assertEqual(self.browser.run("return document.activeElement.id"), name)

    def test_what_is_missing_is_asked_for(self):
        self.fake()
        self.open()
        self.press_ask(" ", PLAIN_TEXT)
        self.assertIn("Type a question first", self.wait_for_problem())
        self.assert_focus("question")
        self.press_ask(QUESTION, " ")
        self.assertIn("Paste a text, or drop a file, first", self.wait_for_problem())
        self.assert_focus("context")
        self.fill("#context", PLAIN_TEXT)
        self.browser.run("const k = document.getElementById('top-k'); k.value = '0';")
        self.fill("#question", QUESTION)
        self.browser.press("Enter")
        self.assertTrue(self.browser.run("return document.getElementById('options').open"))
        self.assert_focus("top-k")
        self.assertEqual(self.browser.run("return requests.map(r => r.path)"), ["v1/models"])

    def test_asks_a_busy_server_again(self):
        later = {**BUSY, "headers": {"Retry-After": "1"}}
        self.fake(v1_answer=[BUSY, later])
        self.open()
        self.press_ask(QUESTION, PLAIN_TEXT)
        self.browser.wait("document.getElementById('waiting').innerText.includes('again in 1 s')")
        self.wait_for_answer()
        self.assertTrue(self.is_hidden("#waiting"))
        self.assertEqual(self.marked()["text"], "six weeks")
        self.assertEqual(
            self.browser.run("return requests.filter(r => r.path === 'v1/answer').length"), 3
        )
        self.assertTrue(self.is_hidden("#problem"))

    def test_a_server_that_stays_busy(self):
        self.fake(v1_answer=[BUSY] * 3)
        self.open()
        self.press_ask(QUESTION, PLAIN_TEXT)
        self.assertIn(
            "too many questions are waiting (429 Too Many Requests)", self.wait_for_problem()
        )
        self.browser.click("#problem button")
        self.wait_for_answer()
        self.assertEqual(self.marked()["text"], "six weeks")

    def test_a_server_that_is_not_ready(self):
        early = {
            "status": 503,
            "headers": {"Retry-After": "0.05"},
            "body": {"detail": "the models are being loaded"},
        }
        self.fake(v1_models=[early])
        self.open()
        self.assertTrue(self.is_hidden("#problem"))
        self.assertNotEqual(self.text_of("#model-name"), "")
        self.assertTrue(self.is_hidden("#waiting"))
        self.assertFalse(self.is_hidden("#hint"))

    def test_a_server_that_is_gone(self):
        server = self.serve()
        self.open(server.url)
        server.stop()
        self.press_ask(QUESTION, PLAIN_TEXT)
        self.assertIn("The server does not answer", self.wait_for_problem())

    def test_an_error_that_is_no_problem_document(self):
        self.fake(v1_answer=[{"status": 502, "body": "<html>"}])
        self.open()
        self.press_ask(QUESTION, PLAIN_TEXT)
        self.assertIn("502", self.wait_for_problem())

    def test_a_key_is_asked_for(self):
        server = self.serve("--api-key-file", temporary_file(self, "keys", b"right-key\n"))
        self.open(server.url)
        self.assertFalse(self.is_hidden("#key-form"))
        self.assert_focus("key")
        self.fill("#key", "schlüssel")
        self.browser.press("Enter")  # is no header
        self.assertTrue(self.browser.run("return document.querySelector('#key:invalid') !== null"))
        self.assertFalse(self.is_hidden("#key-form"))
        self.fill("#key", "wrong-key")
        self.browser.press("Enter")
        self.assertIn("did not take this key", self.wait_for_problem())
        self.browser.type("#key", "right-key")
        self.browser.press("Enter")
        self.browser.wait("document.getElementById('model-name').textContent")
        self.assertTrue(self.is_hidden("#key-form"))
        self.assertTrue(self.is_hidden("#problem"))
        self.ask(QUESTION, PLAIN_TEXT)
        self.assertEqual(self.marked()["text"], "six weeks")
        kept = self.browser.run(
            "return [Object.values(sessionStorage), localStorage.length, document.cookie]"
        )
        self.assertEqual(kept, [["right-key"], 0, ""])

    def test_a_key_that_runs_out_is_asked_for_and_the_question_again(self):
        self.fake(v1_answer=[{"status": 401, "body": {"detail": "a key is needed"}}])
        self.open()
        self.press_ask(QUESTION, PLAIN_TEXT)
        self.browser.wait("!document.getElementById('key-form').hidden")
        self.browser.type("#key", "another")
        self.browser.press("Enter")
        self.wait_for_answer()
        self.assertEqual(self.marked()["text"], "six weeks")
        self.assertEqual(
            self.browser.run("return requests.at(-1).headers.Authorization"), "Bearer another"
        )

    def test_a_new_question_ends_the_one_before(self):
        self.fake(v1_answer=["never"])
        self.open()
        self.press_ask("What is it that takes so long?", PLAIN_TEXT)
        self.browser.wait("requests.at(-1).path === 'v1/answer'")
        self.assertEqual(
            self.browser.run("return document.getElementById('result').ariaBusy"), "true"
        )
        self.ask(QUESTION)
        aborted = self.browser.run(
            "return requests.filter(r => r.path === 'v1/answer').map(r => r.signal.aborted)"
        )
        self.assertEqual(aborted, [True, False])
        self.assertTrue(self.is_hidden("#problem"))
        self.assertEqual(self.marked()["text"], "six weeks")

    def test_escape_ends_a_question(self):
        self.fake(v1_answer=["never"])
        self.open()
        self.press_ask(QUESTION, PLAIN_TEXT)
        self.browser.wait("requests.at(-1).path === 'v1/answer'")
        self.browser.press("Escape")
        self.browser.wait("!document.querySelector('.busy')")
        self.assertTrue(self.browser.run("return requests.at(-1).signal.aborted"))
        self.assertTrue(self.is_hidden("#problem"))
        self.assert_focus("context")

    def test_what_the_text_was_asked_is_gone_with_the_text(self):
        self.open()
        self.ask(QUESTION, PLAIN_TEXT)
        self.browser.press("Escape")
        self.assertFalse(self.is_hidden("#answers"))
        self.browser.click("#answer-list li:nth-child(2) button")  # marks it in the text again
        self.assertFalse(self.is_hidden("#reading"))
        self.browser.press("Escape")
        self.browser.devtools("Input.insertText", text="!")
        self.assertTrue(self.is_hidden("#answers"))
