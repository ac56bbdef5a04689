"""The table of docs/coverage.md."""

import unittest

import coverage_table

CPUINFO = "processor\t: 0\nflags\t\t: fpu avx2 fma avx512_vnni amx_tile\n\nprocessor\t: 1\n"
KERNEL = """int before;
BERTQA_TARGET_BEGIN("avx2,fma")
int known;
BERTQA_TARGET_END
BERTQA_TARGET_BEGIN("avx512vnni,avx512bf16")
int foreign;
BERTQA_TARGET_END
int after;
"""


def line(number, count, branches=(), **more):
    return {"line_number": number, "count": count,
            "branches": [{"count": taken} for taken in branches], **more}


def report(**files):
    return {"files": [{"file": name.replace("__", "/") + ".cc", "lines": lines}
                      for name, lines in files.items()]}


class CoverageTableTest(unittest.TestCase):
    def setUp(self):
        self.flags = coverage_table.processor_flags(CPUINFO)

    def tally(self, **files):
        return coverage_table.tally(report(**files), lambda path: KERNEL, self.flags)

    def test_marks_in_the_names_of_instruction_sets_do_not_count(self):
        self.assertEqual(self.flags, {"fpu", "avx2", "fma", "avx512vnni", "amxtile"})
        self.assertEqual(coverage_table.foreign_lines(KERNEL, self.flags), {5, 6, 7})
        self.assertEqual(coverage_table.foreign_lines(KERNEL, self.flags | {"avx512bf16"}), set())

    def test_lines_and_branches_by_room(self):
        rooms, missing = self.tally(src__text__a=[line(1, 5, (5, 0)), line(2, 0)],
                                    tools__bertqa__b=[line(9, 1)])
        self.assertEqual(rooms["text"].cells(), ["2", "50.0", "2", "50.0"])
        self.assertEqual(rooms["tools/bertqa"].cells(), ["1", "100.0", "0", "–"])
        self.assertEqual(missing, ["src/text/a.cc:1: 1 of 2 branches", "src/text/a.cc:2: not reached"])

    def test_a_line_of_several_instances_counts_as_the_best(self):
        rooms, missing = self.tally(src__text__a=[
            line(1, 0, (0, 0)), line(1, 5, (5, 3)), line(1, 5, (5, 0, 0, 0))])
        self.assertEqual((rooms["text"].cells(), missing), (["1", "100.0", "2", "100.0"], []))

    def test_branches_of_instances_that_gcov_lists_together_do_not_count(self):
        rooms, _ = self.tally(src__text__a=[
            line(1, 5, (1, 0, 0, 0), function_name="<unknown function 1>"),
            line(2, 5, (1, 0), function_name="Count(int)")])
        self.assertEqual(rooms["text"].cells(), ["2", "100.0", "2", "50.0"])

    def test_what_the_processor_lacks_stands_apart_and_is_no_part_of_the_sum(self):
        rooms, missing = self.tally(src__kernels__a=[line(3, 1), line(6, 0), line(8, 1)])
        self.assertEqual((rooms["kernels"].lines, rooms[coverage_table.APART].lines), (2, 1))
        self.assertEqual(missing, [])
        self.assertIn("| **in all** | 2 | 100.0 |", coverage_table.table(rooms))

    def test_excluded_lines_do_not_count(self):
        rooms, _ = self.tally(src__text__a=[line(1, 1), line(2, 0, **{"gcovr/excluded": True})])
        self.assertEqual(rooms["text"].lines, 1)

    def test_only_the_table_of_the_page_is_replaced(self):
        page = "head\n" + coverage_table.BEGIN + "old\n" + coverage_table.END + "tail\n"
        self.assertEqual(coverage_table.with_table(page, "new\n"), page.replace("old", "new"))


if __name__ == "__main__":
    unittest.main()
