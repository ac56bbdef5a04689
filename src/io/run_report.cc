#include "io/run_report.h"

#include <array>
#include <cstdio>
#include <string_view>

namespace bertqa {
namespace {

constexpr double kMebibyte = 1024.0 * 1024.0;

double Number(std::size_t count) {
  return static_cast<double>(count);
}

/// A rate or a share of nothing is 0.
double Ratio(double value, double of) {
  return of > 0 ? value / of : 0;
}

/// `value` right-aligned in `width` columns, with `decimals` behind the point.
std::string Column(double value, int width, int decimals) {
  std::array<char, 64> text = {};
  std::snprintf(text.data(), text.size(), "%*.*f", width, decimals, value);
  return text.data();
}

std::string Plain(double value, int decimals) {
  return Column(value, 0, decimals);
}

std::string Row(std::string name, const std::string& figures) {
  constexpr std::size_t kNameWidth = 13;
  name.resize(kNameWidth, ' ');
  return name + figures + "\n";
}

std::string Seconds(double seconds) {
  return Column(seconds, 9, 3) + " s";
}

std::string Stages(const RunFacts& facts) {
  const double whole = facts.run_seconds * Number(facts.threads);
  const auto stage = [&](const char* name, double seconds) {
    return Row(name, Seconds(seconds) + Column(100 * Ratio(seconds, whole), 8, 1) + " %");
  };
  return Row("load", Seconds(facts.load_seconds)) + stage("read", facts.stats.read_seconds) +
         stage("tokenize", facts.stats.tokenize_seconds) +
         stage("encode", facts.stats.encode_seconds) + stage("decode", facts.stats.decode_seconds) +
         stage("write", facts.stats.write_seconds) +
         Row("run", Seconds(facts.run_seconds) + "   on " + std::to_string(facts.threads) +
                        (facts.threads == 1 ? " thread" : " threads")) +
         Row("processor", Seconds(facts.user_seconds) + "   and " + Plain(facts.system_seconds, 3) +
                              " s in the kernel");
}

std::string Counts(const RunFacts& facts) {
  const auto row = [&](const char* name, std::size_t count, const std::string& rest) {
    return Row(name, Column(Number(count), 9, 0) + rest);
  };
  const auto rate = [&](std::size_t count, int decimals) {
    return ",  " + Plain(Ratio(Number(count), facts.run_seconds), decimals) + " a second";
  };
  const PipelineStats& stats = facts.stats;
  return row("questions", stats.records, rate(stats.records, 1)) +
         row("duplicates", stats.duplicates, "") +
         row("windows", stats.windows, ",  in " + std::to_string(stats.batches) + " batches") +
         row("tokens", stats.tokens, rate(stats.tokens, 0));
}

/// "(why)" where there is a reason.
std::string Reason(const std::string& reason) {
  return reason.empty() ? "" : "  (" + reason + ")";
}

std::string Compute(const RunFacts& facts) {
  std::string text = Row("precision", facts.precision + Reason(facts.compute.reason));
  if (!facts.compute.instruction_set.empty()) {
    text += Row("kernels", facts.compute.instruction_set + Reason(facts.compute.processor));
  }
  const double operations = CountGigaOperations(facts);
  if (operations <= 0) {
    return text;
  }
  const std::string_view unit = facts.compute.precision == Precision::kInt8 ? " GOP/s" : " GFLOP/s";
  const double reached = Ratio(operations, facts.stats.encode_seconds) * Number(facts.threads);
  std::string rate = Plain(reached, 1) + std::string(unit) + " while encoding";
  if (facts.peak_gflops > 0) {
    rate += ", " + Plain(100 * reached / facts.peak_gflops, 1) + " % of the " +
            Plain(facts.peak_gflops, 1) + " that multiply-adds alone reach";
  }
  return text + Row("rate", rate);
}

}  // namespace

double CountGigaOperations(const RunFacts& facts) {
  return 1e-9 * (Number(facts.stats.tokens) * facts.compute.flops_per_token +
                 Number(facts.stats.token_pairs) * facts.compute.flops_per_token_pair);
}

std::string FormatRunReport(const RunFacts& facts) {
  return Stages(facts) + Counts(facts) + Compute(facts) +
         Row("page faults", Column(Number(facts.page_faults), 9, 0)) +
         Row("memory", Column(Number(facts.peak_bytes) / kMebibyte, 9, 1) + " MiB at most");
}

}  // namespace bertqa
