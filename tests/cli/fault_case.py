"""What the tests of faults share: fault_shim.cc says what the kinds are."""

import os
import pathlib
import tempfile
import unittest

SHIM = os.environ.get("BERTQA_FAULT_SHIM", "")
FAILURES = ("ENOSPC", "EIO")
DEATHS = ("KILL", "HALF", "POWER", "BYTES")


class FaultCase(unittest.TestCase):
    def setUp(self):
        super().setUp()
        if not pathlib.Path(SHIM).is_file():
            self.skipTest("BERTQA_FAULT_SHIM is not a file")
        self.faults = 0

    def tearDown(self):
        super().tearDown()
        print(f"{self.id()}: {self.faults} faults")

    def each_fault(self, kinds, prepare, run, check, stride=1, ends=(4,)):
        """Runs with the first, the second, ... call at fault, until there are fewer calls, and
        calls `check(kind, result)` after each. `ends` are the exit statuses that a call which
        fails may lead to. With a stride only each so-many-th call, others for each kind."""
        for place, kind in enumerate(kinds):
            call = 1 + place * stride // len(kinds)
            while True:
                prepare()
                with tempfile.TemporaryDirectory(prefix="bertqa-spare-") as spare:
                    result = run({"LD_PRELOAD": SHIM, "BERTQA_FAULT": f"{kind}:{call}",
                                  "BERTQA_FAULT_SPARE": spare})
                    if not pathlib.Path(spare, "hit").exists():
                        break
                with self.subTest(kind=kind, call=call):
                    self.assertIn(result.status, ends if kind in FAILURES else (137,),
                                  result.stderr)
                    check(kind, result)
                self.faults += 1
                call += stride
            self.assertGreater(call, 4, "the shim sees the calls")

    def each_mended(self, prepare, run, check, calls=12):
        """Calls `check(result)` after runs in which a write was interrupted or cut short."""
        for kind in ("EINTR", "SHORT"):
            for call in range(1, calls + 1):
                prepare()
                with self.subTest(kind=kind, call=call):
                    check(run({"LD_PRELOAD": SHIM, "BERTQA_FAULT": f"{kind}:{call}"}))
                self.faults += 1
