"""`bertqa train` when a call that creates, writes, syncs, cuts, renames or removes a file fails or
is the last one; then it goes on."""

import os
import shutil
import unittest

import runner
from fault_case import DEATHS, FAILURES, FaultCase
from train_case import TrainTest

STRIDE = int(os.environ.get("BERTQA_FAULT_STRIDE", "61"))  # 1: each call, which takes its time


class Faults(FaultCase, TrainTest):
    ARGS = ("--epochs", 1, "--batch-size", 20, "--save-minutes", 0)  # two steps, each kept

    def test_then_resume(self):
        args = (*self.ARGS, "--dev", self.dev)
        whole, _ = self.whole_run(*args)

        def prepare():
            shutil.rmtree(self.output, ignore_errors=True)

        def run(fault):
            return runner.run(*self.arguments(*args), env=fault)

        def go_on(_kind, _result):
            self.train(*args, *self.how_to_go_on())
            self.expect_same_as(whole)

        # What is not needed any more and cannot be removed does no harm: 0.
        self.each_fault(FAILURES + DEATHS, prepare, run, go_on, stride=STRIDE, ends=(0, 4))


if __name__ == "__main__":
    unittest.main()
