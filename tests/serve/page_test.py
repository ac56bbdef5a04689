#!/usr/bin/env python3
"""The page of `bertqa serve` in headless Chromium (Debian: chromium, chromium-driver).

    tests/serve/page_test.py --server-command 'build/release/bin/bertqa serve'
    tests/serve/page_test.py --url http://127.0.0.1:8080 [--screenshot docs/images/serve-page.png]
    tests/serve/page_test.py --server-command … AnswerTest.test_no_answer

Exits with 77 where there is no browser.
"""

import argparse
import pathlib
import sys
import unittest

import page_access
import page_answers
import page_docs
import page_texts
import page_troubles
from page_case import PageCase, Server, Setting
from webdriver import find_browser

MODULES = (page_answers, page_texts, page_troubles, page_access, page_docs)


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    place = parser.add_mutually_exclusive_group(required=True)
    place.add_argument("--server-command", help="starts a server; --port 0 is added, and more")
    place.add_argument("--url", help="of a server that runs")
    parser.add_argument("--screenshot", type=pathlib.Path, help="a PNG to write; no test is run")
    parser.add_argument("tests", nargs="*", help="Class or Class.test; all if none is given")
    return parser.parse_args()


def collect(names):
    loader = unittest.defaultTestLoader
    if not names:
        return unittest.TestSuite(loader.loadTestsFromModule(module) for module in MODULES)
    places = {name: module for module in MODULES for name in vars(module)}
    return unittest.TestSuite(
        loader.loadTestsFromName(name, places[name.split(".")[0]]) for name in names
    )


class Picture(PageCase):
    """The example that stands on the page, asked, with its heat map."""

    def take(self, path):
        self.look(width=1080, height=640)
        self.open()
        self.browser.press("Enter")
        self.wait_for_answer()
        self.browser.click("#heat-toggle")
        self.browser.wait("document.querySelector('.token')")
        self.browser.run("document.activeElement.blur()")
        path.write_bytes(self.browser.screenshot())

    def runTest(self):
        self.take(Setting.screenshot)


def main():
    options = parse()
    Setting.browser_paths = find_browser()
    if Setting.browser_paths is None:
        print("skipped: no Chromium with its driver (Debian: chromium, chromium-driver)")
        return 77
    Setting.command, Setting.url, Setting.screenshot = (
        options.server_command,
        options.url,
        options.screenshot,
    )
    server = None
    try:
        if options.server_command:
            server = Server(options.server_command)
            Setting.url = server.url
        suite = unittest.TestSuite([Picture()]) if options.screenshot else collect(options.tests)
        return 0 if unittest.TextTestRunner(verbosity=2).run(suite).wasSuccessful() else 1
    finally:
        if Setting.browser is not None:
            Setting.browser.close()
        if server is not None:
            server.stop()


if __name__ == "__main__":
    sys.exit(main())
