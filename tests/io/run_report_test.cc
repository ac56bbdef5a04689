#include "io/run_report.h"

#include <gtest/gtest.h>

namespace bertqa {
namespace {

RunFacts SomeFacts() {
  RunFacts facts;
  facts.stats.records = 500;
  facts.stats.duplicates = 20;
  facts.stats.windows = 505;
  facts.stats.tokens = 80000;
  facts.stats.token_pairs = 16'000'000;
  facts.stats.batches = 44;
  facts.stats.read_seconds = 0.012;
  facts.stats.tokenize_seconds = 0.02;
  facts.stats.encode_seconds = 3.9;
  facts.stats.decode_seconds = 0.032;
  facts.stats.write_seconds = 0.004;
  facts.compute.precision = Precision::kBFloat16;
  facts.compute.reason = "auto: native";
  facts.compute.instruction_set = "avx512_bf16";
  facts.compute.processor = "A processor";
  facts.compute.flops_per_token = 20e6;
  facts.compute.flops_per_token_pair = 10e3;
  facts.precision = "bf16";
  facts.threads = 2;
  facts.load_seconds = 0.025;
  facts.run_seconds = 2;
  facts.user_seconds = 3.95;
  facts.system_seconds = 0.01;
  facts.page_faults = 1234;
  facts.peak_bytes = std::size_t{100} << 20U;
  facts.peak_gflops = 1000;
  return facts;
}

TEST(RunReportTest, ListsEveryFactInColumns) {
  EXPECT_EQ(
      FormatRunReport(SomeFacts()),
      "load             0.025 s\n"
      "read             0.012 s     0.3 %\n"
      "tokenize         0.020 s     0.5 %\n"
      "encode           3.900 s    97.5 %\n"
      "decode           0.032 s     0.8 %\n"
      "write            0.004 s     0.1 %\n"
      "run              2.000 s   on 2 threads\n"
      "processor        3.950 s   and 0.010 s in the kernel\n"
      "questions          500,  250.0 a second\n"
      "duplicates          20\n"
      "windows            505,  in 44 batches\n"
      "tokens           80000,  40000 a second\n"
      "precision    bf16  (auto: native)\n"
      "kernels      avx512_bf16  (A processor)\n"
      "rate         902.6 GFLOP/s while encoding, 90.3 % of the 1000.0 that multiply-adds alone "
      "reach\n"
      "page faults       1234\n"
      "memory           100.0 MiB at most\n");
}

TEST(RunReportTest, OperationsAreThoseOfTokensAndOfTokenPairs) {
  // 80,000 tokens at 20 million, and 16 million pairs at 10,000.
  EXPECT_DOUBLE_EQ(CountGigaOperations(SomeFacts()), 1600 + 160);
}

TEST(RunReportTest, WholeNumbersAreNoFloatingPoint) {
  RunFacts facts = SomeFacts();
  facts.compute.precision = Precision::kInt8;
  EXPECT_NE(FormatRunReport(facts).find(" GOP/s while"), std::string::npos);
}

TEST(RunReportTest, WhatIsNotKnownIsLeftOut) {
  RunFacts facts = SomeFacts();
  facts.peak_gflops = 0;
  EXPECT_NE(FormatRunReport(facts).find("GFLOP/s while encoding\n"), std::string::npos);
  facts.compute = {};
  const std::string report = FormatRunReport(facts);
  EXPECT_EQ(report.find("rate"), std::string::npos);
  EXPECT_EQ(report.find("kernels"), std::string::npos);
  EXPECT_NE(report.find("precision    bf16\n"), std::string::npos);
}

TEST(RunReportTest, NothingDoneDividesByNothing) {
  RunFacts facts;
  facts.compute.flops_per_token = 1;
  EXPECT_EQ(FormatRunReport(facts).find("nan"), std::string::npos);
  EXPECT_EQ(FormatRunReport(facts).find("inf"), std::string::npos);
}

}  // namespace
}  // namespace bertqa
