"""`bertqa pull` when the network, the Hub or the content is not as it should be."""

import shutil
import socket
import subprocess
import time
import unittest

from fake_hub import FakeHub, sha256
from hub_case import NAME, QUESTION, HubTest


class Broken(HubTest):
    def asked_ranges(self):
        return [request.headers.get("range") for request in self.hub.asked("cdn")]

    def test_cut_connection_goes_on_where_it_was(self):
        self.hub.break_next("cdn", "cut", after=1000)
        self.pulled(self.program("pull", NAME))
        self.whole()
        self.assertEqual(self.asked_ranges(), [None, "bytes=1000-"])

    def test_cut_again_and_again_with_progress(self):
        piece = len(self.weights) // 7
        self.hub.break_next("cdn", "cut", times=6, after=piece)
        self.pulled(self.program("pull", NAME))
        self.whole()
        self.assertEqual(len(self.asked_ranges()), 7)

    def test_cut_without_progress_gives_up(self):
        self.hub.break_next("cdn", "cut", times=0, after=0)
        began = time.monotonic()
        result = self.program("pull", NAME)
        self.assertEqual(result.status, 3)
        self.assertRegex(result.stderr, r"\Abertqa: org/tiny: the connection to "
                         rf"{self.hub.cdn_url} broke off, again and again: .+\n\Z")
        self.assertEqual(len(self.asked_ranges()), 5)
        self.assertGreater(time.monotonic() - began, 0.5 + 1 + 2 + 4, "it waits longer each time")
        self.assertIn("`bertqa pull", self.program(*QUESTION, "-m", NAME).stderr)

    def test_killed_process_leaves_what_the_next_goes_on_with(self):
        half = len(self.weights) // 2
        self.hub.break_next("cdn", "stall", after=half, seconds=60)
        process = self.start("pull", NAME)
        incomplete = self.blob("model.safetensors").with_suffix(".incomplete")
        deadline = time.monotonic() + 30
        while not (incomplete.exists() and incomplete.stat().st_size == half):
            self.assertLess(time.monotonic(), deadline, "the first half came")
            time.sleep(0.02)
        process.kill()
        process.wait()
        self.assertEqual(self.program(*QUESTION, "-m", NAME).status, 3)
        self.pulled(self.program("pull", NAME))
        self.assertEqual(self.asked_ranges(), [None, f"bytes={half}-"])
        self.whole()

    def test_server_without_ranges_starts_anew(self):
        self.hub.ranges = False
        self.hub.break_next("cdn", "cut", after=1000)
        self.pulled(self.program("pull", NAME))
        self.whole()

    def test_wrong_part_starts_anew(self):
        self.hub.break_next("cdn", "cut", after=1000)
        self.hub.break_next("cdn", "wrong_range")
        self.pulled(self.program("pull", NAME))
        self.whole()
        self.assertEqual(self.asked_ranges(), [None, "bytes=1000-", None])

    def leave(self, content):
        """What an earlier run left of the weights."""
        blob = self.blob("model.safetensors")
        blob.parent.mkdir(parents=True)
        blob.with_suffix(".incomplete").write_bytes(content)

    def test_left_over_of_something_else_is_fetched_anew(self):
        self.leave(b"x" * 1000)
        self.pulled(self.program("pull", NAME))
        self.whole()
        self.assertEqual(self.asked_ranges(), ["bytes=1000-", None])

    def test_left_over_that_is_too_long_is_fetched_anew(self):
        self.leave(self.weights + b"more")
        self.pulled(self.program("pull", NAME))
        self.whole()

    def test_left_over_that_is_whole_is_not_fetched(self):
        self.leave(self.weights)
        self.pulled(self.program("pull", NAME))
        self.whole()
        self.assertEqual(self.asked_ranges(), [])

    def test_stalled_connection(self):
        self.hub.break_next("cdn", "stall", after=1000, seconds=20)
        began = time.monotonic()
        self.pulled(self.program("pull", NAME, env={"HF_HUB_DOWNLOAD_TIMEOUT": "1"}))
        self.assertLess(time.monotonic() - began, 15)
        self.whole()

    def test_slow_connection_is_waited_for(self):
        self.hub.break_next("cdn", "slow", piece=len(self.weights) // 8, pause=0.3)
        self.pulled(self.program("pull", NAME, env={"HF_HUB_DOWNLOAD_TIMEOUT": "1"}))
        self.assertEqual(self.asked_ranges(), [None], "2.4 s, but never a second without a byte")
        self.whole()


class Content(HubTest):
    def test_wrong_hash_of_a_large_file(self):
        self.hub.break_next("cdn", "corrupt")
        wrong = self.weights[:-1] + bytes([self.weights[-1] ^ 1])
        self.fails(self.program("pull", NAME),
                   f"{NAME}/model.safetensors: what came is not what the Hub announced: SHA-256 "
                   f"{sha256(self.weights)} is expected, not {sha256(wrong)}")
        self.assertEqual(self.program(*QUESTION, "-m", NAME).status, 3)
        self.pulled(self.program("pull", NAME))
        self.whole()

    def test_wrong_hash_of_a_small_file(self):
        self.hub.break_next("resolve", "corrupt")
        result = self.program("pull", NAME)
        self.assertEqual(result.status, 3)
        self.assertRegex(result.stderr, f"{NAME}/config.json: what came is not what the Hub "
                         "announced: git's SHA-1 [0-9a-f]{40} is expected, not [0-9a-f]{40}\n")

    def test_longer_than_announced(self):
        self.hub.break_next("cdn", "longer")
        self.fails(self.program("pull", NAME),
                   f"{NAME}/model.safetensors: {len(self.weights)} bytes are expected, what came "
                   "is longer")

    def test_other_hash_in_the_redirect(self):
        self.hub.repositories[NAME].linked_hash = "0" * 64
        self.fails(self.program("pull", NAME),
                   f"{NAME}/model.safetensors: the Hub lists the hash {sha256(self.weights)} and "
                   f"sends a file of hash {'0' * 64}")

    def test_listing_that_is_none(self):
        self.hub.break_next("api", "garbage")
        self.fails(self.program("pull", NAME),
                   f"{self.hub.url}/api/models/{NAME}/revision/main?blobs=true: not the Hub's "
                   "answer: a JSON object is expected")

    def test_path_that_leaves_the_cache(self):
        self.hub.repositories[NAME].extra_siblings = [
            {"rfilename": "../../config.json", "size": 1, "blobId": "0" * 40}]
        self.fails(self.program("pull", NAME),
                   f"{self.hub.url}/api/models/{NAME}/revision/main?blobs=true: not the Hub's "
                   'answer: "../../config.json" is no path of a file in a repository')
        self.assertFalse(self.cache.exists())

    def test_hash_that_leaves_the_cache(self):
        self.hub.repositories[NAME].extra_siblings = [
            {"rfilename": "vocab.json", "size": 1, "blobId": "../" * 13 + "x"}]
        self.assertIn('the hash of "vocab.json" is "../', self.program("pull", NAME).stderr)
        self.assertFalse(self.cache.exists())

    def test_index_that_names_what_is_not_there(self):
        del self.files["model.safetensors"]
        index = b'{"weight_map":{"a":"../../../x.safetensors"}}'
        self.hub.add(NAME, {**self.files, "model.safetensors.index.json": index})
        self.fails(self.program("pull", NAME),
                   f'{NAME}/model.safetensors.index.json: "weight_map" names '
                   '"../../../x.safetensors", which is not in the repository')

    def test_no_model_in_it(self):
        self.hub.add(NAME, {"README.md": b"# Data\n"})
        self.fails(self.program("pull", NAME),
                   f"{NAME}: holds no config.json, which a model of transformers has")
        self.hub.add(NAME, {"config.json": b"{}", "tf_model.h5": b"x"})
        self.fails(self.program("pull", NAME),
                   f"{NAME}: holds no weights that are read here: model.safetensors or "
                   "pytorch_model.bin (or either in several files) is expected")

    def test_full_disk(self):
        result = self.program("pull", NAME, limit_bytes=20000)
        self.assertEqual((result.status, result.stdout), (4, ""))
        incomplete = self.blob("model.safetensors").with_suffix(".incomplete")
        self.assertEqual(result.stderr,
                         f"bertqa: {incomplete}: cannot write: File too large\n")
        self.pulled(self.program("pull", NAME))
        self.assertEqual([request.headers.get("range") for request in self.hub.asked("cdn")],
                         [None, "bytes=20000-"])
        self.whole()

    def test_cache_that_cannot_be_written(self):
        self.cache.parent.mkdir()
        self.cache.write_text("a file")
        result = self.program("pull", NAME)
        self.assertEqual((result.status, result.stdout), (4, ""))
        self.assertIn(f"bertqa: {self.cache}/", result.stderr)


class Answers(HubTest):
    def test_too_many_requests_waits_as_long_as_asked(self):
        for place in ("api", "resolve"):
            self.hub.break_next(place, "status", code=429, headers={"Retry-After": "1"})
        began = time.monotonic()
        self.pulled(self.program("pull", NAME))
        self.assertGreater(time.monotonic() - began, 2)

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


class TwoAtOnce(HubTest):
    def test_second_process_waits_and_says_so(self):
        self.hub.break_next("cdn", "slow", piece=len(self.weights) // 4, pause=0.4)
        first = self.start("pull", NAME)
        deadline = time.monotonic() + 30
        while not self.hub.asked("cdn"):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)
        second = self.program("pull", NAME)
        self.assertEqual(second.status, 0)
        self.assertEqual(second.stderr.splitlines(),
                         [f"bertqa: waiting for another process that fetches {NAME}/"
                          "model.safetensors", f"bertqa: pulled {NAME} at commit "
                          f"{self.commit[:12]}"])
        self.assertEqual(first.wait(30), 0)
        self.assertEqual(len(self.hub.asked("cdn")), 1)
        self.whole()

    def test_what_is_being_fetched_cannot_be_removed(self):
        self.hub.break_next("cdn", "stall", after=1000, seconds=60)
        process = self.start("pull", NAME)
        deadline = time.monotonic() + 30
        while not self.hub.asked("cdn"):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)
        self.fails(self.program("models", "remove", NAME), f'model "{NAME}": another process is '
                   "fetching it; nothing was removed", status=4)
        process.kill()
        process.wait()
        self.assertEqual(self.program("models", "remove", NAME).status, 0)


if __name__ == "__main__":
    unittest.main()
