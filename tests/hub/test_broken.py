"""`bertqa pull` when connections break, content is wrong, or two processes want the same."""

import time
import unittest

from hub_case import NAME, QUESTION, HubTest
from hub_handler import sha256


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
