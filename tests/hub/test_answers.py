"""`bertqa pull` when the Hub refuses, is busy or is not there; tokens; HTTPS."""

import shutil
import socket
import subprocess
import time
import unittest

from fake_hub import FakeHub
from hub_case import NAME, HubTest


class Answers(HubTest):
    def test_too_many_requests_waits_as_long_as_asked(self):
        for place in ("api", "resolve"):
            self.hub.break_next(place, "status", code=429, headers={"Retry-After": "1"})
        began = time.monotonic()
        self.pulled(self.program("pull", NAME))
        self.assertGreater(time.monotonic() - began, 2)

    def test_long_wait_is_told(self):
        self.hub.break_next("api", "status", code=429, headers={"Retry-After": "5"})
        result = self.program("pull", NAME)
        self.assertEqual((result.status, result.stderr.splitlines()[0]),
                         (0, f"bertqa: {NAME}: waiting 5 seconds, as the server asks"))

    def test_too_many_requests_for_too_long(self):
        self.hub.break_next("api", "status", code=429, headers={"Retry-After": "3600"})
        self.fails(self.program("pull", NAME), f"{NAME}: {self.hub.url} answers 429, too many "
                   "requests; try again in 3600 seconds")
        self.assertEqual(len(self.hub.asked()), 1)

    def test_failure_of_the_server_passes(self):
        self.hub.break_next("api", "status", code=503)
        self.hub.break_next("cdn", "status", code=500)
        self.pulled(self.program("pull", NAME))

    def test_failure_of_the_server_stays(self):
        self.hub.break_next("api", "status", times=0, code=502)
        self.fails(self.program("pull", NAME), f"{NAME}: {self.hub.url} answers 502, a failure of "
                   "its own; try again later")
        self.assertEqual(len(self.hub.asked()), 5)

    def test_link_to_the_content_that_ran_out(self):
        self.hub.break_next("cdn", "status", code=403)
        self.pulled(self.program("pull", NAME))
        self.assertEqual(len([r for r in self.hub.asked("hub") if "model.safe" in r.path]), 2)

    def test_no_such_model(self):
        self.fails(self.program("pull", "org/other"),
                   f"org/other: no such model on {self.hub.url}, or a private one: then set "
                   "HF_TOKEN to a token that may read it")
        self.fails(self.program("pull", "org/other", env={"HF_TOKEN": "mine"}),
                   f"org/other: no such model on {self.hub.url}, or a private one that the token "
                   "(HF_TOKEN) may not read")

    def test_no_such_revision(self):
        self.fails(self.program("pull", f"{NAME}@v9"), f'{NAME}@v9: has no revision "v9"')

    def test_private_model(self):
        self.hub.repositories[NAME].token = "mine"
        self.assertEqual(self.program("pull", NAME).status, 3)
        self.pulled(self.program("pull", NAME, env={"HF_TOKEN": "mine"}))

    def test_token_file_of_the_python_client(self):
        self.hub.repositories[NAME].token = "mine"
        (self.folder / "hf").mkdir()
        (self.folder / "hf" / "token").write_text("mine\n")
        self.pulled(self.program("pull", NAME))

    def test_token_that_is_not_valid(self):
        self.fails(self.program("pull", NAME, env={"HF_TOKEN": "bad"}),
                   f"{NAME}: {self.hub.url} does not accept the token (HF_TOKEN)")

    def test_token_with_a_line_end_in_it(self):
        self.fails(self.program("pull", NAME, env={"HF_TOKEN": "a\r\nX-Evil: 1"}),
                   "HF_TOKEN: a token of visible ASCII characters is expected, and it holds others",
                   status=2)

    def test_gated_model(self):
        self.hub.repositories[NAME].gated = True
        self.fails(self.program("pull", NAME), f"{NAME}: is gated: ask for access at "
                   f"{self.hub.url}/{NAME} and set HF_TOKEN to a token of yours")
        self.fails(self.program("pull", NAME, env={"HF_TOKEN": "mine"}),
                   f"{NAME}: is gated, and the account of the token (HF_TOKEN) has no access: ask "
                   f"for it at {self.hub.url}/{NAME}")

    def test_token_goes_to_the_hub_alone(self):
        self.pulled(self.program("pull", NAME, env={"HF_TOKEN": "mine"}))
        sent = {server: {request.headers.get("authorization")
                         for request in self.hub.asked(server)} for server in ("hub", "cdn")}
        self.assertEqual(sent, {"hub": {"Bearer mine"}, "cdn": {None}})

    def test_redirect_to_what_is_no_web_address(self):
        (self.folder / "secret").write_text("secret")
        for target in (f"file://{self.folder}/secret?", "ftp://127.0.0.1", "//evil"):
            self.hub.redirect_to = target
            result = self.program("pull", NAME)
            self.assertEqual(result.status, 3)
            self.assertRegex(result.stderr, r'redirects to ".+"; an http or https address is')

    def test_no_network(self):
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))  # nobody listens there
            url = f"http://127.0.0.1:{unused.getsockname()[1]}"
            began = time.monotonic()
            result = self.program("pull", NAME, env={"HF_ENDPOINT": url})
        self.assertEqual((result.status, result.stdout), (3, ""))
        self.assertRegex(result.stderr, rf"\Abertqa: {NAME}: {url} cannot be reached: [^\n]+\n\Z")
        self.assertLess(time.monotonic() - began, 5, "it is not tried again and again")

    def test_refused(self):
        self.hub.break_next("api", "status", code=403)
        self.fails(self.program("pull", NAME), f"{NAME}: {self.hub.url} refuses access (403)")

    def test_a_file_that_went_away(self):
        self.hub.break_next("resolve", "status", code=404,
                            headers={"X-Error-Code": "EntryNotFound"})
        result = self.program("pull", NAME)
        self.assertEqual(result.status, 3)
        self.assertRegex(result.stderr, rf"\Abertqa: {NAME}: has no file [a-z_.]+\n\Z")

    def test_offline(self):
        self.fails(self.program("pull", NAME, env={"HF_HUB_OFFLINE": "1"}),
                   f"{NAME}: nothing is fetched, since HF_HUB_OFFLINE is set")
        self.assertEqual(self.hub.asked(), [])

    def test_endpoint_that_is_none(self):
        self.fails(self.program("pull", NAME, env={"HF_ENDPOINT": "huggingface.co"}),
                   'HF_ENDPOINT: an http or https address is expected, not "huggingface.co"',
                   status=2)


@unittest.skipUnless(shutil.which("openssl"), "needs the program openssl, to make a certificate")
class Encrypted(HubTest):
    def setUp(self):
        super().setUp()
        self.certificate = self.folder / "certificate.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                        "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
                        "-keyout", self.folder / "key.pem", "-out", self.certificate],
                       check=True, capture_output=True)
        self.hub = FakeHub(self.certificate, self.folder / "key.pem")
        self.addCleanup(self.hub.close)

    def test_certificate_that_nobody_vouches_for(self):
        result = self.program("pull", NAME)
        self.assertEqual((result.status, result.stdout), (3, ""))
        self.assertRegex(result.stderr, rf"\Abertqa: {NAME}: {self.hub.url} is not trusted: .+\n\Z")
        self.assertEqual(self.hub.asked(), [])

    def test_trusted_certificate_and_no_way_back_to_http(self):
        trust = {"SSL_CERT_FILE": str(self.certificate)}
        small = {name: self.files[name] for name in ("config.json", "vocab.txt")}
        commit = self.hub.add(NAME, {**small, "pytorch_model.bin": b"large"})
        result = self.program("pull", NAME, env=trust)
        self.assertEqual(result.status, 3)
        self.assertIn(f"redirects to {self.hub.cdn_url}, which is not encrypted: refused",
                      result.stderr)
        self.assertEqual((self.snapshot(commit) / "vocab.txt").read_bytes(), small["vocab.txt"])
        self.assertEqual(self.hub.asked("cdn"), [])


if __name__ == "__main__":
    unittest.main()
