"""What the tests of the page share: servers, one browser, and a page as new for each test."""

import http.client
import json
import pathlib
import shlex
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.parse

from webdriver import Browser

# Answers with, behind and before characters of two UTF-16 units, combining marks, and CJK.
MIXED_TEXT = (
    "😀🏳️‍🌈 Cafe\u0301 Ange\u0301lique stands in 東京都港区. 🎉 The bridge beside it was opened in 1932 "
    "by the engineers of 大阪. The 🦊 lives under the bridge."
)
PLAIN_TEXT = (
    "A honeybee colony has one queen, a few hundred drones in summer and up to 60,000 workers. "
    "A worker that hatches in June lives about six weeks."
)

# Every request goes through here; what `replies` has for a path is answered without the server.
FAKE_FETCH = """
window.requests = [];
window.replies = REPLIES;
const realFetch = window.fetch;
window.fetch = (path, options) => {
  requests.push({path, body: options?.body && JSON.parse(options.body), headers: options?.headers,
                 signal: options?.signal});
  const reply = (replies[path] || []).shift();
  if (!reply) return realFetch(path, options);
  if (reply === 'never') {
    return new Promise((_, reject) =>
      options.signal.addEventListener('abort', () => reject(options.signal.reason)));
  }
  const type = reply.status < 400 ? 'application/json' : 'application/problem+json';
  return Promise.resolve(new Response(JSON.stringify(reply.body),
    {status: reply.status, headers: {'Content-Type': type, ...reply.headers}}));
};
"""


class Server:
    """A server of the command that the tests are given."""

    def __init__(self, command, *options):
        # pylint: disable=consider-using-with
        self.process = subprocess.Popen(
            [*shlex.split(command), "--port", "0", *options],
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        self.url = self._read_url()
        self.drain = threading.Thread(target=self._drain, daemon=True)
        self.drain.start()
        self._wait()

    def _read_url(self):
        said = []
        for line in self.process.stderr:
            said.append(line)
            if "serving on http://" in line:
                return "http://" + line.split("serving on http://")[1].split()[0].rstrip("/")
        raise RuntimeError("the server did not start: " + "".join(said))

    def _drain(self):
        for _ in self.process.stderr:
            pass

    def _wait(self):
        """Until the models are there."""
        for _ in range(1200):
            if request(self.url, "GET", "/v1/models")[0] != 503:
                return
            time.sleep(0.05)
        raise RuntimeError("the server did not get ready within a minute")

    def stop(self):
        """Safe to call twice."""
        self.process.terminate()
        self.process.wait(timeout=60)
        self.drain.join()
        self.process.stderr.close()


def request(url, method, path, body=None):
    """(status, headers, body)"""
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc, timeout=60)
    try:
        content = None if body is None else json.dumps(body)
        connection.request(method, path, content, {"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()


def utf16_length(text):
    return len(text.encode("utf-16-le")) // 2


def utf16_slice(text, start, end):
    return text.encode("utf-16-le")[2 * start : 2 * end].decode("utf-16-le")


class Setting:
    """What was given on the command line; made by page_test.py."""

    command = None  # of a server; None: there is only `url`
    url = None
    browser_paths = None
    browser = None


class PageCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if Setting.browser is None:
            Setting.browser = Browser(*Setting.browser_paths)
        cls.browser = Setting.browser

    def setUp(self):
        self.scripts = []
        self.look()
        self.browser.open("about:blank")
        self.browser.log()

    def tearDown(self):
        self.fake_nothing()
        self.browser.devtools("Emulation.setEmulatedMedia", features=[])
        self.browser.run("try { sessionStorage.clear(); } catch { }")

    def look(self, width=1180, height=760, **media):
        """The window, and what the person prefers: prefers_color_scheme='dark'."""
        self.browser.resize(width, height)
        features = [
            {"name": name.replace("_", "-"), "value": value} for name, value in media.items()
        ]
        self.browser.devtools("Emulation.setEmulatedMedia", features=features)

    def serve(self, *options):
        """The URL of a server with options of its own, for this test."""
        if Setting.command is None:
            self.skipTest("--url gives no server with other options")
        server = Server(Setting.command, *options)
        self.addCleanup(server.stop)
        return server

    def fake_nothing(self):
        while self.scripts:
            script = self.scripts.pop()
            self.browser.devtools("Page.removeScriptToEvaluateOnNewDocument", identifier=script)

    def fake(self, **replies):
        """Replies that the page's first requests get: v1_answer=[{'status': 429, 'body': {}}]."""
        self.fake_nothing()
        by_path = {path.replace("_", "/", 1): list(some) for path, some in replies.items()}
        source = FAKE_FETCH.replace("REPLIES", json.dumps(by_path))
        added = self.browser.devtools("Page.addScriptToEvaluateOnNewDocument", source=source)
        self.scripts.append(added["identifier"])

    def open(self, url=None):
        self.browser.open((url or Setting.url) + "/")
        self.browser.wait(
            "document.getElementById('model-name').textContent || "
            "!document.getElementById('key-form').hidden || "
            "!document.getElementById('problem').hidden"
        )

    def fill(self, selector, text):
        """Types over what is in a field; also what WebDriver's keys cannot say."""
        self.browser.run(
            "const field = document.querySelector(arguments[0]); field.focus(); field.select();",
            selector,
        )
        self.browser.devtools("Input.insertText", text=text)

    def ask(self, question, text=None):
        """By keyboard; waits for the answer."""
        if text is not None:
            if self.browser.run("return document.getElementById('context').hidden"):
                self.browser.press("Escape")
            self.fill("#context", text)
        self.fill("#question", question)
        self.browser.press("Enter")
        self.wait_for_answer()

    def wait_for_answer(self):
        self.browser.wait(
            "!document.querySelector('.busy') && !document.getElementById('answers').hidden"
        )

    def body(self, question, text, **options):
        """What the page asks the server with."""
        return {
            "question": question,
            "context": text,
            "offsets": "utf16",
            "top_k": 5,
            "max_answer_tokens": 30,
            "no_answer": False,
            **options,
        }

    def record(self, question, text, path="/v1/answer", **options):
        status, _, content = request(
            Setting.url, "POST", path, self.body(question, text, **options)
        )
        self.assertEqual(status, 200, content)
        return json.loads(content)

    def marked(self):
        """What stands out in the text, and where, counted as JavaScript counts."""
        return self.browser.run("""
          const reading = document.getElementById('reading');
          const marks = [...reading.querySelectorAll('mark.current')];
          if (marks.length === 0) return null;
          const before = document.createRange();
          before.setStart(reading, 0);
          before.setEndBefore(marks[0]);
          const text = marks.map((mark) => mark.textContent).join('');
          return {text, start: before.toString().length};
        """)

    def text_of(self, selector):
        return self.browser.run("return document.querySelector(arguments[0]).innerText", selector)

    def is_hidden(self, selector):
        return self.browser.run(
            "return document.querySelector(arguments[0]).closest('[hidden]') !== null", selector
        )

    def assert_quiet(self):
        """Nothing was refused by the Content-Security-Policy, and nothing was thrown."""
        self.assertEqual([entry["message"] for entry in self.browser.log()], [])


def temporary_file(case, name, content):
    folder = tempfile.TemporaryDirectory()  # pylint: disable=consider-using-with
    case.addCleanup(folder.cleanup)
    path = pathlib.Path(folder.name, name)
    path.write_bytes(content)
    return str(path)
