"""The page: keyboard, screen readers, contrast, narrow screens, and no other place."""

import pathlib
import re

from page_case import MIXED_TEXT, PLAIN_TEXT, PageCase, Setting, request

QUESTION = "How long does a worker live?"
FILES = pathlib.Path(__file__).resolve().parents[2] / "src/serve/page"

# WCAG 2: the contrast of each text that is seen, and of each field's edge, with what is behind it.
CONTRASTS = """
const channel = (value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
const numbers = (colour) => {
  const found = colour.match(/[\\d.]+/g).map(Number);
  return {rgb: found.slice(0, 3), alpha: found.length > 3 ? found[3] : 1};
};
const luminance = (rgb) => {
  const [red, green, blue] = rgb.map((value) => channel(value / 255));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};
const ground = (element) => {
  for (let at = element; at; at = at.parentElement) {
    const {rgb, alpha} = numbers(getComputedStyle(at).backgroundColor);
    if (alpha === 1) return rgb;
    if (alpha > 0) throw new Error('a background that is half seen: ' + at.outerHTML.slice(0, 80));
  }
  return [255, 255, 255];
};
const contrast = (colour, element) => {
  const both = [luminance(numbers(colour).rgb), luminance(ground(element))];
  const [dark, light] = both.sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
};
const found = [];
for (const element of document.querySelectorAll('body *')) {
  const hasText = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  const isField = ['INPUT', 'TEXTAREA', 'SELECT'].includes(element.tagName);
  if (element.checkVisibility() && (hasText || isField)) {
    const name = element.tagName + '.' + element.className;
    found.push([name, contrast(getComputedStyle(element).color, element)]);
  }
  if (isField && element.checkVisibility() && element.id !== 'file' && element.type !== 'checkbox') {
    const edge = contrast(getComputedStyle(element).borderTopColor, element.parentElement);
    found.push([element.id + ' edge', edge * 1.5]);  // 3 : 1 is enough
  }
  const behind = getComputedStyle(element, '::after');
  if (behind.content !== 'none') {
    found.push([element.tagName + '::after', contrast(behind.color, element)]);
  }
}
return found;
"""


class AccessTest(PageCase):
    def answered(self, url=None):
        self.open(url)
        self.ask(QUESTION, PLAIN_TEXT)
        self.browser.click("#heat-toggle")
        self.browser.wait("document.querySelector('.token')")
        self.browser.click("#options summary")

    def check_contrast(self):
        contrasts = self.browser.run(CONTRASTS)
        self.assertGreater(len(contrasts), 60)
        self.assertEqual([entry for entry in contrasts if entry[1] < 4.5], [])

    def test_contrast_of_light(self):
        self.answered()
        self.check_contrast()

    def test_contrast_of_dark(self):
        self.look(prefers_color_scheme="dark")
        self.answered()
        self.check_contrast()
        ground = self.browser.run(
            "return getComputedStyle(document.documentElement).backgroundColor"
        )
        self.assertLess(max(map(int, re.findall(r"\d+", ground))), 50)

    def test_contrast_of_a_problem(self):
        for scheme in ("light", "dark"):
            self.look(prefers_color_scheme=scheme)
            self.open()
            self.fill("#question", " ")
            self.browser.press("Enter")
            self.assertFalse(self.is_hidden("#problem"))
            self.assertEqual([entry for entry in self.browser.run(CONTRASTS) if entry[1] < 4.5], [])

    def test_narrow_screens_do_not_scroll_sideways(self):
        for width in (320, 360, 500, 800):
            with self.subTest(width=width):
                self.look(width=width, height=640)
                self.answered()
                widths = self.browser.run(
                    "return [document.documentElement.scrollWidth, innerWidth]"
                )
                self.assertEqual(widths, [width, width])

    def test_names_and_roles(self):
        self.answered()
        expected = {
            "#question": ("textbox", "Question"),
            "#ask": ("button", "Ask"),
            "#top-k": ("spinbutton", "Answers"),
            "#max-answer-tokens": ("spinbutton", "Longest answer, in tokens"),
            "#no-answer": ("checkbox", "The text may have no answer"),
            "#result": ("complementary", "Answer"),
            "#reading": ("region", "Text, answers marked"),
            "#edit": ("button", "Edit"),
            "#heat": ("region", "Start and end"),
            "#status": ("status", ""),
            "mark[data-ranks='0']": ("button", "six weeks"),
            "#answer-list li:nth-child(1) button": ("button", "1 six weeks 71.2 %"),
        }
        for selector, (role, name) in expected.items():
            with self.subTest(selector=selector):
                found_role, found_name = self.browser.accessible(selector)
                self.assertEqual(found_role, role)
                if "%" in name:
                    self.assertRegex(found_name, r"^1 ?six weeks ?[\d.]+ %$")
                else:
                    self.assertEqual(found_name, name)
        self.browser.press("Escape")
        self.assertEqual(self.browser.accessible("#context"), ("textbox", "Text"))

    def test_whatever_takes_the_focus_has_a_name_and_shows_it(self):
        self.answered()
        self.browser.run("document.querySelector('nav a').focus()")
        seen = []
        for _ in range(60):
            self.browser.press("Tab")
            place = self.browser.run("""
              const at = document.activeElement;
              if (at === document.body || at.dataset.seen) return null;
              at.dataset.seen = 'yes';
              const shown = at.id === 'file' ? document.getElementById('open') : at;
              return [at.id || at.dataset.ranks || at.tagName, getComputedStyle(shown).outlineStyle];
            """)
            if place is None:
                break
            seen.append(place[0])
            self.assertNotEqual(place[1], "none", place)
            self.assertNotEqual(self.browser.accessible("[data-seen]:focus")[1], "", place)
        for name in (
            "question",
            "ask",
            "no-answer",
            "edit",
            "heat-toggle",
            "file",
            "reading",
            "0",
            "1",
        ):
            self.assertIn(name, seen)

    def test_keys(self):
        focus = "return document.activeElement.id"
        self.open()
        self.assertEqual(self.browser.run(focus), "question")  # to begin with, to be typed over
        self.assertEqual(
            self.browser.run("return getSelection().toString()"),
            self.browser.run("return document.getElementById('question').value"),
        )
        self.browser.press("Enter")
        self.wait_for_answer()
        self.assertEqual(self.browser.run(focus), "question")  # for the next one
        self.browser.press("Escape")
        self.assertEqual(self.browser.run(focus), "context")
        self.fill("#context", PLAIN_TEXT)
        self.browser.press("Enter")  # a new line, in a text
        self.assertFalse(self.is_hidden("#context"))
        self.browser.press("Control", "Enter")
        self.wait_for_answer()
        self.assertEqual(self.browser.run(focus), "reading")
        self.assertEqual(self.marked()["text"], "six weeks")

    def test_nothing_moves(self):
        self.look(prefers_reduced_motion="reduce")
        self.answered()
        self.assertEqual(self.browser.run("return document.getAnimations().length"), 0)

    def test_nothing_is_fetched_elsewhere(self):
        self.answered()
        fetched = self.browser.run(
            "return performance.getEntriesByType('resource').map(entry => entry.name)"
        )
        self.assertTrue(any(name.endswith("/v1/inspect") for name in fetched))
        self.assertEqual(
            [name for name in fetched if not name.startswith((Setting.url + "/", "data:"))], []
        )
        self.assert_quiet()

    def test_the_files_name_no_other_place(self):
        for name in ("index.html", "docs.html", "page.css", "page.js", "docs.js"):
            text = (FILES / name).read_text().replace("http://www.w3.org/2000/svg", "")
            self.assertNotRegex(
                text, r"https?://|\burl\(|@import|innerHTML|outerHTML|document\.write|eval\("
            )
            self.assertNotRegex(
                text,
                r'<script(?! type="module" src="[a-z]+\.js"></script>)|<style|\sstyle=|\son[a-z]+=',
            )

    def test_policy(self):
        for path in ("/", "/docs"):
            status, headers, _ = request(Setting.url, "GET", path)
            self.assertEqual(status, 200)
            policy = headers["Content-Security-Policy"]
            for rule in (
                "default-src 'none'",
                "script-src 'self'",
                "style-src 'self'",
                "frame-ancestors 'none'",
            ):
                self.assertIn(rule, policy)
            self.assertNotIn("unsafe", policy)

    def test_mixed_text_keeps_its_characters_in_the_field(self):
        self.open()
        self.fill("#context", MIXED_TEXT)
        self.assertEqual(
            self.browser.run("return document.getElementById('context').value"), MIXED_TEXT
        )
