// Resident memory of a stream of records through the pipeline, with the tests' fake encoder:
//   bench_memory generated|jsonl GIGABYTES SAMPLES
// `generated` makes records in the source, `jsonl` sends them as lines through a pipe to the
// reader. CSV on stdout: megabytes of question and context so far, resident MiB. No two records are
// alike.

#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <random>
#include <string>
#include <string_view>
#include <thread>

#include "base/files.h"
#include "bertqa/pipeline.h"
#include "io/jsonl_reader.h"
#include "io/line_reader.h"
#include "io/record_writer.h"
#include "pipeline/fake_model.h"

namespace bertqa {
namespace {

constexpr unsigned kSeed = 20261128;
constexpr std::size_t kThreads = 2;
constexpr std::size_t kMaxLineBytes = std::size_t{1} << 24U;
constexpr double kMegabyte = 1e6;

/// Short records, paragraphs and, one in 500, documents of up to 600 kB. Words are hexadecimal
/// numbers, next to none of which steers the fake model.
class Generator {
 public:
  explicit Generator(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  std::size_t bytes() const { return bytes_; }

  /// Nothing once there were as many bytes as were asked for.
  std::optional<Record> Next() {
    if (bytes_ >= max_bytes_) {
      return std::nullopt;
    }
    Record record;
    record.fields.id_json = std::to_string(++number_);
    record.question = "x" + record.fields.id_json + " " + Words(4 + random_() % 12);
    const std::size_t kind = random_() % 500;
    record.context = Words(kind == 0 ? 100'000 * (random_() % 100) / 100 : random_() % 300);
    bytes_ += record.question.size() + record.context.size();
    return record;
  }

 private:
  std::string Words(std::size_t count) {
    std::string words;
    std::array<char, 8> digits = {};
    for (std::size_t i = 0; i < count; ++i) {
      const auto end = std::to_chars(digits.begin(), digits.end(), random_() % 0xFFFFF, 16);
      words.append(digits.begin(), end.ptr);
      words += ' ';
    }
    return words;
  }

  std::mt19937 random_{kSeed};
  std::size_t max_bytes_;
  std::size_t bytes_ = 0;
  std::size_t number_ = 0;
};

double ResidentMebibytes() {
  std::size_t virtual_pages = 0;
  std::size_t resident_pages = 0;
  std::ifstream("/proc/self/statm") >> virtual_pages >> resident_pages;
  return static_cast<double>(resident_pages) * static_cast<double>(::sysconf(_SC_PAGESIZE)) /
         (1U << 20U);
}

/// Prints a line each time another `step` bytes have gone by.
class Sampler {
 public:
  explicit Sampler(std::size_t step) : step_(step) {}

  void At(std::size_t bytes) {
    if (bytes >= next_) {
      std::printf("%.0f,%.1f\n", static_cast<double>(bytes) / kMegabyte, ResidentMebibytes());
      next_ += step_;
    }
  }

 private:
  std::size_t step_;
  std::size_t next_ = 0;
};

/// Writes lines into a pipe, on a thread of its own; ends when the reader does.
void WriteLines(int descriptor, std::size_t max_bytes) {
  Generator generator(max_bytes);
  while (const std::optional<Record> record = generator.Next()) {
    // Hexadecimal words need no escapes.
    const std::string line = "{\"id\":" + record->fields.id_json + ",\"question\":\"" +
                             record->question + "\",\"context\":\"" + record->context + "\"}\n";
    if (!WriteDescriptor(descriptor, line, "pipe")) {
      break;
    }
  }
  ::close(descriptor);
}

/// Answers all records; what a user would write to a file is made and thrown away.
void Answer(const RequestSource& source) {
  QaOptions options;
  options.threads = kThreads;
  const QaPipeline pipeline(MakeFakeModel(), options);
  std::size_t written = 0;
  const PipelineStats stats = pipeline.Stream(source, [&](const StreamOutput& output) {
    written += FormatRecord(output, {}).size();
    return true;
  });
  rusage usage = {};
  ::getrusage(RUSAGE_SELF, &usage);
  std::fprintf(stderr,
               "%zu records, %zu windows, %zu tokens, %zu bytes of answers, peak %.1f MiB\n",
               stats.records, stats.windows, stats.tokens, written,
               static_cast<double>(usage.ru_maxrss) / 1024);
}

void RunGenerated(std::size_t bytes, std::size_t step) {
  Generator generator(bytes);
  Sampler sampler(step);
  Answer([&]() -> std::optional<StreamInput> {
    sampler.At(generator.bytes());
    std::optional<Record> record = generator.Next();
    return record ? std::optional(MakeStreamInput(std::move(*record))) : std::nullopt;
  });
}

void RunJsonl(std::size_t bytes, std::size_t step) {
  std::array<int, 2> ends = {};
  if (::pipe(ends.data()) != 0) {
    std::perror("pipe");
    std::exit(1);
  }
  std::jthread writer([&] { WriteLines(ends[1], bytes); });
  LineReader lines(ends[0], "pipe", kMaxLineBytes);
  Sampler sampler(step);
  std::size_t read = 0;
  Answer([&]() -> std::optional<StreamInput> {
    sampler.At(read);
    const std::optional<Line> line = lines.Next();
    if (!line) {
      return std::nullopt;
    }
    Record record = ParseRecord(*line, KeepFields::kNo, kMaxLineBytes);
    read += record.question.size() + record.context.size();
    return MakeStreamInput(std::move(record));
  });
  ::close(ends[0]);
}

int Main(std::span<char*> arguments) {
  const std::string_view source = arguments.size() == 4 ? arguments[1] : "";
  const double gigabytes = arguments.size() == 4 ? std::atof(arguments[2]) : 0;
  const int samples = arguments.size() == 4 ? std::atoi(arguments[3]) : 0;
  if ((source != "generated" && source != "jsonl") || !(gigabytes > 0) || samples < 1) {
    std::cerr << "Usage: bench_memory generated|jsonl GIGABYTES SAMPLES\n";
    return 2;
  }
  const auto bytes = static_cast<std::size_t>(gigabytes * 1e9);
  const std::size_t step = bytes / static_cast<std::size_t>(samples);
  source == "generated" ? RunGenerated(bytes, step) : RunJsonl(bytes, step);
  return 0;
}

}  // namespace
}  // namespace bertqa

int main(int argc, char** argv) {
  return bertqa::Main(std::span(argv, static_cast<std::size_t>(argc)));
}
