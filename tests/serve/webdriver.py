"""A browser by WebDriver (W3C): as much of it as the page's tests need."""

import base64
import http.client
import json
import os
import re
import shutil
import subprocess
import time

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
KEYS = {
    "Enter": "\ue007",
    "Escape": "\ue00c",
    "Tab": "\ue004",
    "Shift": "\ue008",
    "Control": "\ue009",
    "Space": " ",
}
SWITCHES = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    "--lang=en-US",
]


class WebDriverError(Exception):
    pass


def find_browser():
    """(chromium, chromedriver), or None if one is missing."""
    chromium = next(
        (
            path
            for path in map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))
            if path
        ),
        None,
    )
    driver = shutil.which("chromedriver")
    return (chromium, driver) if chromium and driver else None


class Browser:
    """One window of headless Chromium. Close it, or use it as a context manager."""

    def __init__(self, chromium, driver):
        # pylint: disable=consider-using-with
        self.process = subprocess.Popen(
            [driver, "--port=0"],
            stdout=subprocess.PIPE,
            text=True,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
        )
        try:
            self.port = self._read_port()
            options = {"binary": chromium, "args": SWITCHES}
            capabilities = {
                "browserName": "chrome",
                "goog:chromeOptions": options,
                "goog:loggingPrefs": {"browser": "ALL"},
            }
            made = self._send("POST", "/session", {"capabilities": {"alwaysMatch": capabilities}})
            self.session = f"/session/{made['sessionId']}"
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _read_port(self):
        for line in self.process.stdout:
            found = re.search(r"started successfully on port (\d+)", line)
            if found:
                return int(found.group(1))
        raise WebDriverError("chromedriver did not start")

    def _send(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            content = None if body is None else json.dumps(body)
            connection.request(method, path, content, {"Content-Type": "application/json"})
            value = json.loads(connection.getresponse().read())["value"]
        finally:
            connection.close()
        if isinstance(value, dict) and "error" in value:
            raise WebDriverError(f"{value['error']}: {value['message']}")
        return value

    def _post(self, path, **body):
        return self._send("POST", self.session + path, body)

    def close(self):
        try:
            self._send("DELETE", self.session)
        finally:
            self.process.terminate()
            self.process.wait()
            self.process.stdout.close()

    def open(self, url):
        self._post("/url", url=url)

    def run(self, script, *arguments):
        """The value of a function body; arguments are `arguments[0]` and so on."""
        return self._post("/execute/sync", script=script, args=list(arguments))

    def wait(self, script, *arguments, seconds=30):
        """Until the expression is true; its value."""
        end = time.monotonic() + seconds
        while True:
            value = self.run(f"return ({script})", *arguments)
            if value:
                return value
            if time.monotonic() > end:
                raise WebDriverError(f"not within {seconds} s: {script}")
            time.sleep(0.02)

    def find(self, selector):
        return self._post("/element", using="css selector", value=selector)[ELEMENT]

    def click(self, selector):
        self._post(f"/element/{self.find(selector)}/click")

    def type(self, selector, text):
        self._post(f"/element/{self.find(selector)}/value", text=text)

    def press(self, *names):
        """Keys held together, the last one pressed, wherever the focus is."""
        keys = [KEYS.get(name, name) for name in names]
        actions = [{"type": "keyDown", "value": key} for key in keys]
        actions += [{"type": "keyUp", "value": key} for key in reversed(keys)]
        self._post("/actions", actions=[{"type": "key", "id": "keyboard", "actions": actions}])

    def accessible(self, selector):
        """(role, name) as a screen reader is told."""
        path = f"{self.session}/element/{self.find(selector)}"
        return (
            self._send("GET", path + "/computedrole"),
            self._send("GET", path + "/computedlabel"),
        )

    def devtools(self, command, **parameters):
        """A command of the Chrome DevTools Protocol."""
        return self._post("/goog/cdp/execute", cmd=command, params=parameters)

    def resize(self, width, height):
        """The size of what is seen of the page, in CSS pixels."""
        self.devtools(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def log(self):
        """What the browser's console has said since the last call, refused contents included."""
        return self._post("/se/log", type="browser")

    def screenshot(self):
        """PNG."""
        return base64.b64decode(self._send("GET", self.session + "/screenshot"))
