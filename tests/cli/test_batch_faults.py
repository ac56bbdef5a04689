"""`batch -o` when a write, sync, cut, rename or removal fails, each of them; then `--resume`."""

import os
import pathlib
import unittest

from test_batch_resume import ResumeCase  # not its tests

SHIM = os.environ.get("BERTQA_FAULT_SHIM", "")


class Faults(ResumeCase):
    COUNT = 150

    @unittest.skipUnless(pathlib.Path(SHIM).is_file(), "BERTQA_FAULT_SHIM is not a file")
    def test_each_call_then_resume(self):
        total = 0
        for kind in ("ENOSPC", "EIO", "KILL", "HALF"):
            for call in range(1, 1000):
                for path in self.folder.glob("out.jsonl*"):
                    path.unlink()
                fault = {"LD_PRELOAD": SHIM, "BERTQA_FAULT": f"{kind}:{call}"}
                result = self.run_tiny("batch", self.input, "-o", self.output, "--threads", 1,
                                       "--max-batch-tokens", 64, env=fault)
                if result.status == 1:
                    break  # there are fewer calls
                total += 1
                with self.subTest(kind=kind, call=call):
                    self.assertEqual(result.status, 137 if kind in ("KILL", "HALF") else 4,
                                     result.stderr)
                    self.expect_whole(self.resume())
            self.assertGreater(call, 8, "the shim sees the calls")
        print(f"{total} faults")


if __name__ == "__main__":
    unittest.main()
