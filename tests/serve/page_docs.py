"""The API as /docs draws it, against /openapi.json."""

import json
import shlex

from page_access import CONTRASTS
from page_case import PageCase, Setting, request


class DocsTest(PageCase):
    def open_docs(self, fragment=""):
        self.browser.open(Setting.url + "/docs" + fragment)
        self.browser.wait(
            "document.getElementById('schema-Problem') || !document.getElementById('problem').hidden"
        )

    def description(self):
        status, _, content = request(Setting.url, "GET", "/openapi.json")
        self.assertEqual(status, 200)
        return json.loads(content)

    def test_everything_is_drawn(self):
        description = self.description()
        self.open_docs()
        titles = self.browser.run(
            "return [...document.querySelectorAll('section h3')].map(h => h.innerText)"
        )
        expected = [
            f"{method.upper()} {path}"
            for path, item in description["paths"].items()
            for method in item
        ]
        self.assertEqual(titles, expected + list(description["components"]["schemas"]))
        text = self.text_of("#api")
        for word in ("undefined", "[object", "NaN"):
            self.assertNotIn(word, text)
        for schema in description["components"]["schemas"].values():
            for name in schema["properties"]:
                self.assertIn(name, text)
        self.assert_quiet()

    def test_links_lead_somewhere(self):
        self.open_docs()
        broken = self.browser.run(
            "return [...document.querySelectorAll('a[href^=\"#\"]')].map(a => a.hash.slice(1))"
            ".filter(name => !document.getElementById(name))"
        )
        self.assertEqual(broken, [])

    def test_an_address_with_a_place_in_it(self):
        self.open_docs("#schema-Record")
        top = self.browser.run(
            "return document.getElementById('schema-Record').getBoundingClientRect().top"
        )
        self.assertLess(abs(top), 100)

    def test_the_curl_line_is_an_answered_request(self):
        self.open_docs()
        words = shlex.split(self.text_of("#answer pre").replace("\\\n", " "))
        self.assertEqual(words[:2], ["curl", Setting.url + "/v1/answer"])
        body = json.loads(words[words.index("-d") + 1])
        status, _, content = request(Setting.url, "POST", "/v1/answer", body)
        self.assertEqual((status, json.loads(content)["answer"]), (200, "Paris"))

    def test_narrow_and_in_both_schemes(self):
        for scheme in ("light", "dark"):
            self.look(width=320, height=640, prefers_color_scheme=scheme)
            self.open_docs()
            self.assertEqual(self.browser.run("return document.documentElement.scrollWidth"), 320)
            self.assertEqual([entry for entry in self.browser.run(CONTRASTS) if entry[1] < 4.5], [])

    def test_a_description_that_is_missing(self):
        self.fake(**{"openapi.json": [{"status": 503, "body": {}}]})
        self.open_docs()
        self.assertIn("openapi.json cannot be drawn: 503", self.text_of("#problem"))
