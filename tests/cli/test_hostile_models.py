"""Models from strangers: each is refused with one line on stderr, soon, in little memory, and
nothing is written or run. Sizes that a file claims must never be believed before they are checked.
"""

import json
import os
import pickle
import shutil
import struct
import subprocess
import threading
import time
import unittest
import zipfile

import runner
from runner import CliTest

# More than a tiny model needs; far less than what the files below claim. The address space is not
# limited, since sanitizers reserve terabytes of it: what counts is memory that was touched.
PEAK_KIB = 400_000 if "asan" in str(runner.BINARY) else 120_000
SECONDS = 20
TERABYTE = 1 << 40


def safetensors(header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def tensor(shape, begin, end, dtype="F32"):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


class HostileModels(CliTest):
    def setUp(self):
        super().setUp()
        self.model = self.folder / "model"
        shutil.copytree(runner.GOLDEN / "checkpoints" / "base", self.model)

    def refused(self, *parts, status=3):
        """`ask` and `info` and `import` refuse the model: one line that has all of `parts`."""
        before = sorted(self.folder.rglob("*"))
        for command in (("ask", "-m", "model", "-q", "who?", "-c", "fox"), ("info", "-m", "model"),
                        ("import", "model", "-o", "out")):
            began = time.monotonic()
            process = subprocess.Popen(runner.command_line(*command), cwd=self.folder,
                                       env=runner.environment(), stdin=subprocess.DEVNULL,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            deadline = threading.Timer(2 * SECONDS, process.kill)
            deadline.start()
            output, errors = process.stdout.read(), process.stderr.read().decode()
            process.stdout.close()
            process.stderr.close()
            _, code, usage = os.wait4(process.pid, 0)
            deadline.cancel()
            process.returncode = os.waitstatus_to_exitcode(code)
            with self.subTest(command=command[0]):
                self.assertEqual((process.returncode, output), (status, b""), errors)
                self.assertRegex(errors, r"\Abertqa: [^\n]+\n\Z")
                for part in parts:
                    self.assertIn(part, errors)
                self.assertLess(len(errors), 2000)
                self.assertLess(usage.ru_maxrss, PEAK_KIB)
                self.assertLess(time.monotonic() - began, SECONDS)
        self.assertEqual(sorted(self.folder.rglob("*")), before)

    def weights(self, content, name="model.safetensors"):
        (self.model / "model.safetensors").unlink()
        (self.model / name).write_bytes(content)

    def pickled(self, data, name="pytorch_model.bin", **entries):
        """A state dict in the zip format whose pickle is `data`."""
        (self.model / "model.safetensors").unlink()
        with zipfile.ZipFile(self.model / name, "w") as archive:
            archive.writestr("archive/data.pkl", data)
            archive.writestr("archive/version", "3\n")
            for path, content in entries.items():
                archive.writestr(path, content)

    def configure(self, **changes):
        path = self.model / "config.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))

    # safetensors

    def test_200_bytes_that_claim_a_terabyte(self):
        self.weights(safetensors({"w": tensor([TERABYTE // 4], 0, TERABYTE)}).ljust(200, b" "))
        self.assertLessEqual((self.model / "model.safetensors").stat().st_size, 200)
        self.refused("model/model.safetensors", "data_offsets [0, 1099511627776]")

    def test_header_of_4_gigabytes(self):
        self.weights(struct.pack("<Q", 1 << 32) + b"{}")
        self.refused("its header claims 4294967296 bytes")

    def test_header_of_2_to_the_64_bytes(self):
        self.weights(struct.pack("<Q", (1 << 64) - 1) + b"{}")
        self.refused("its header claims 18446744073709551615 bytes")

    def test_overlapping_tensors(self):
        self.weights(safetensors({"a": tensor([4], 0, 16), "b": tensor([4], 8, 24)}, bytes(24)))
        self.refused('tensor "b"', "model/model.safetensors")

    def test_shape_whose_product_wraps_around(self):
        self.weights(safetensors({"w": tensor([1 << 32, 1 << 32], 0, 0)}))
        self.refused('tensor "w"')

    def test_shape_of_negative_and_fractional_sizes(self):
        for size in (-1, 1.5, 1e30, "4", None):
            (self.model / "model.safetensors").touch()
            self.weights(safetensors({"w": tensor([size], 0, 4)}, bytes(4)))
            self.refused('tensor "w"')

    def test_header_that_nests_a_million_levels(self):
        self.weights(safetensors(b'{"w":' + b"[" * 1_000_000))
        self.refused("nested too deeply")

    # What stands where a file is expected

    def test_weights_that_never_end(self):
        for target in ("/dev/zero", "/dev/urandom"):
            (self.model / "model.safetensors").unlink()
            (self.model / "model.safetensors").symlink_to(target)
            self.refused("model/model.safetensors", "a regular file is expected")

    def test_weights_that_are_a_pipe_nobody_writes_to(self):
        (self.model / "model.safetensors").unlink()
        os.mkfifo(self.model / "model.safetensors")
        self.refused("model/model.safetensors", "a regular file is expected")

    def test_other_files_that_never_end(self):
        for name in ("config.json", "vocab.txt", "tokenizer_config.json"):
            kept = (self.model / name).read_bytes()
            (self.model / name).unlink()
            os.mkfifo(self.model / name)
            self.refused(f"model/{name}", "a regular file is expected")
            (self.model / name).unlink()
            (self.model / name).symlink_to("/dev/zero")
            self.refused(f"model/{name}", "a regular file is expected")
            (self.model / name).unlink()
            (self.model / name).write_bytes(kept)

    def test_files_of_a_terabyte_of_nothing(self):
        for name in ("config.json", "vocab.txt", "tokenizer_config.json"):
            kept = (self.model / name).read_bytes()
            os.truncate(self.model / name, TERABYTE)
            self.refused(f"model/{name}", "bytes are expected, not 1099511627776")
            (self.model / name).write_bytes(kept)
        os.truncate(self.model / "model.safetensors", TERABYTE)
        self.refused("model/model.safetensors")

    def test_link_to_itself(self):
        (self.model / "model.safetensors").unlink()
        (self.model / "model.safetensors").symlink_to("model.safetensors")
        self.refused("model")

    # Archives

    def test_zip_bomb(self):
        """A pickle of 2 GB of zeros in 2 MB, and one whose true size is not what it says."""
        (self.model / "model.safetensors").unlink()
        block = bytes(1 << 20)
        with zipfile.ZipFile(self.model / "pytorch_model.bin", "w", zipfile.ZIP_DEFLATED) as archive:
            with archive.open("archive/data.pkl", "w", force_zip64=True) as entry:
                for _ in range(2048):
                    entry.write(block)
        self.refused("model/pytorch_model.bin")

    def test_zip_entries_that_share_their_bytes(self):
        """A directory of 60,000 entries that all point at the same record."""
        record = b"\x80\x02}q\x00."
        name = b"archive/data.pkl"
        local = struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, 0, 0, 0, 0, 0, len(record), len(record),
                            len(name), 0) + name + record
        central = struct.pack("<4s6H3I5H2I", b"PK\x01\x02", 20, 20, 0, 0, 0, 0, 0, len(record),
                              len(record), len(name), 0, 0, 0, 0, 0, 0) + name
        count = 60_000
        end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, count, count, count * len(central),
                          len(local), 0)
        self.weights(local + central * count + end, "pytorch_model.bin")
        self.refused("model/pytorch_model.bin")

    def test_zip_directory_that_claims_too_much(self):
        for count, size, offset in ((65535, 1 << 31, 0), (1, 46, 1 << 31), (0xFFFF, 0xFFFFFFFF,
                                                                            0xFFFFFFFF)):
            (self.model / "model.safetensors").touch()
            self.weights(b"PK\x03\x04" + bytes(26) +
                         struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, count, count, size, offset, 0),
                         "pytorch_model.bin")
            self.refused("model/pytorch_model.bin")

    def test_names_that_leave_the_archive(self):
        paths = {"../../evil.txt": b"x", "/tmp/bertqa-evil.txt": b"x", "archive/../../evil": b"x"}
        self.pickled(pickle.dumps({}, protocol=2), **paths)
        self.refused("model/pytorch_model.bin")
        self.assertFalse(os.path.exists("/tmp/bertqa-evil.txt"))

    def test_code_in_a_torchscript_archive(self):
        self.pickled(pickle.dumps({}, protocol=2), name="model.pt", **{
            "archive/constants.pkl": pickle.dumps((), protocol=2),
            "archive/code/__torch__.py": b"import os\nos.system('touch hacked')\n"})
        self.refused("model/model.pt")

    # Pickles

    def test_pickles_that_call(self):
        for code, name in ((b"cos\nsystem\n", "os.system"), (b"cposix\nsystem\n", "posix.system"),
                           (b"cbuiltins\neval\n", "builtins.eval"),
                           (b"cnt\nsystem\n", "nt.system"),
                           (b"csubprocess\nPopen\n", "subprocess.Popen"),
                           (b"ctorch.hub\nload\n", "torch.hub.load"),
                           (b"ctorch\nload\n", "torch.load")):
            (self.model / "model.safetensors").touch()
            self.pickled(b"\x80\x02" + code + b"X\x0c\x00\x00\x00touch hacked\x85R.")
            self.refused(f'global "{name}" is not allowed')

    def test_pickle_of_protocol_4_that_calls(self):
        self.pickled(b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x0ctouch hacked\x85R.")
        self.refused("model/pytorch_model.bin")

    def test_pickle_sizes_that_are_not_there(self):
        for code in (b"X\xff\xff\xff\xff", b"\x8d" + b"\xff" * 8, b"T\xff\xff\xff\x7f",
                     b"\x8b\xff\xff\xff\x7f", b"\x8e" + b"\xff" * 7 + b"\x7f"):
            (self.model / "model.safetensors").touch()
            self.pickled(b"\x80\x02" + code + b"abc.")
            self.refused("model/pytorch_model.bin")

    def test_pickle_with_a_memo_of_4_billion(self):
        self.pickled(b"\x80\x02}r\xff\xff\xff\xff.")
        self.refused("model/pytorch_model.bin")

    def test_pickle_that_nests_a_million_levels(self):
        self.pickled(b"\x80\x02" + b"]" * 1_000_000 + b"a" * 999_999 + b".")
        self.refused("model/pytorch_model.bin")

    def test_pickle_that_doubles_itself(self):
        """Thirty lists, each twice in the next: a billion leaves, if they were copied."""
        self.pickled(b"\x80\x02]q\x00" + b"".join(
            b"](h%ch%ceq%c" % (level, level, level + 1) for level in range(30)) + b".")
        self.refused("model/pytorch_model.bin")

    # Configuration and tokenizer

    def test_configuration_that_nests_a_million_levels(self):
        (self.model / "config.json").write_text("[" * 1_000_000)
        self.refused("config.json: nested deeper than 128 levels")

    def test_sizes_that_no_machine_has(self):
        for key in ("hidden_size", "vocab_size", "intermediate_size", "num_hidden_layers",
                    "max_position_embeddings", "type_vocab_size", "num_attention_heads"):
            for size in (10**9, 1 << 62, 10**30):
                kept = (self.model / "config.json").read_bytes()
                self.configure(**{key: size})
                self.refused("model/")
                (self.model / "config.json").write_bytes(kept)

    def test_tokenizer_that_nests_a_million_levels(self):
        (self.model / "vocab.txt").unlink()
        (self.model / "tokenizer.json").write_text('{"model":' + "[" * 1_000_000)
        self.refused("tokenizer.json: nested deeper than 128 levels")

    def test_pattern_that_backtracks_for_ever(self):
        """A regular expression that takes exponential time in engines that backtrack."""
        (self.model / "vocab.txt").unlink()
        (self.model / "tokenizer.json").write_text(json.dumps({
            "added_tokens": [], "normalizer": {"type": "Replace", "content": "x",
                                               "pattern": {"Regex": "(a+)+$"}},
            "pre_tokenizer": None, "post_processor": None, "decoder": None,
            "model": {"type": "WordPiece", "vocab": {"[UNK]": 0}, "unk_token": "[UNK]",
                      "continuing_subword_prefix": "##", "max_input_chars_per_word": 100}}))
        self.refused("tokenizer.json")

    def test_sentencepiece_model_that_claims_gigabytes(self):
        (self.model / "vocab.txt").unlink()
        (self.model / "spiece.model").write_bytes(b"\x0a\xff\xff\xff\xff\x07abc")
        self.configure(model_type="albert", embedding_size=16)
        self.refused("model/")

    def test_index_of_shards_that_names_a_device(self):
        (self.model / "model.safetensors").unlink()
        for name in ("/dev/zero", "../model.safetensors", "a/b", ".", "..", ""):
            (self.model / "model.safetensors.index.json").write_text(
                json.dumps({"weight_map": {"qa_outputs.bias": name}}))
            self.refused("model/model.safetensors.index.json")


if __name__ == "__main__":
    unittest.main()
