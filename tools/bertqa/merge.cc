#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/staged_file.h"
#include "bertqa/error.h"
#include "command.h"
#include "descriptor.h"
#include "io/line_reader.h"
#include "io/record_lines.h"

namespace bertqa::cli {
namespace {

struct MergeOptions {
  std::vector<std::string> inputs;
  std::string output = "-";
  std::size_t records = 0;  ///< that there must be; 0: not known
  bool overwrite = false;
  bool quiet = false;
};

constexpr std::size_t kMaxLineBytes = std::size_t{1} << 32U;

/// One file, a record at a time, in the order of the record numbers.
class ShardReader {
 public:
  explicit ShardReader(const std::string& path)
      : path_(path), file_(OpenInput(path)), lines_(file_.value(), path, kMaxLineBytes) {
    Advance();
  }

  bool has_record() const { return line_.has_value(); }
  std::size_t number() const { return record_.number; }
  bool failed() const { return record_.failed; }
  const std::string& line() const { return line_->text; }

  void Advance() {
    const std::size_t last = record_.number;
    line_ = lines_.Next();
    if (!line_) {
      return;
    }
    const std::string place = path_ + ":" + std::to_string(line_->number) + ": ";
    const auto record = ReadOutputLine(line_->text);
    if (!record) {
      throw Error(ErrorCode::kMalformed, place + "a record that batch wrote is expected");
    }
    record_ = *record;
    if (record_.number == 0) {
      record_.number = line_->number;  // of a run that was not a part: all lines are there
    }
    if (record_.number <= last) {
      throw Error(ErrorCode::kMalformed, place + "record " + std::to_string(record_.number) +
                                             " after " + std::to_string(last) +
                                             ", the order of batch is expected");
    }
  }

 private:
  std::string path_;
  Descriptor file_;
  LineReader lines_;
  std::optional<Line> line_;
  OutputLine record_;
};

/// What is wrong with a merged output, by record numbers.
struct Findings {
  std::size_t records = 0;
  std::vector<std::size_t> missing;
  std::vector<std::size_t> doubled;
  std::vector<std::size_t> failed;
};

/// Merged records on their way to a descriptor.
class MergedOutput {
 public:
  MergedOutput(int descriptor, std::string name)
      : descriptor_(descriptor), name_(std::move(name)) {}

  void Add(const std::string& line) {
    buffer_ += WithoutNumber(line) + "\n";
    constexpr std::size_t kFlushBytes = std::size_t{1} << 16U;
    if (buffer_.size() >= kFlushBytes) {
      Flush();
    }
  }

  void Flush() {
    is_open_ = is_open_ && WriteDescriptor(descriptor_, buffer_, name_);
    buffer_.clear();
  }

  /// False once the reader went away.
  bool is_open() const { return is_open_; }

 private:
  int descriptor_;
  std::string name_;
  bool is_open_ = true;
  std::string buffer_;
};

/// Of several lines of one record: one that has a result goes before those that failed (a retry
/// replaces its error), then the first. Takes them all from their readers.
std::string TakeRecord(std::vector<std::unique_ptr<ShardReader>>& readers, std::size_t number,
                       Findings& findings) {
  std::string line;
  bool failed = true;
  std::size_t results = 0;
  for (const auto& reader : readers) {
    if (!reader->has_record() || reader->number() != number) {
      continue;
    }
    if (line.empty() || (failed && results == 0)) {
      line = reader->line();
      failed = reader->failed();
    }
    results += reader->failed() ? 0 : 1;
    reader->Advance();
  }
  if (results > 1) {
    findings.doubled.push_back(number);
  }
  if (results == 0) {
    findings.failed.push_back(number);
  }
  return line;
}

Findings Merge(const MergeOptions& options, MergedOutput& output) {
  std::vector<std::unique_ptr<ShardReader>> readers;
  readers.reserve(options.inputs.size());
  for (const std::string& path : options.inputs) {
    readers.push_back(std::make_unique<ShardReader>(path));
  }
  Findings findings;
  std::size_t last = 0;
  while (true) {
    std::size_t number = 0;
    for (const auto& reader : readers) {
      if (reader->has_record() && (number == 0 || reader->number() < number)) {
        number = reader->number();
      }
    }
    if (number == 0) {
      break;
    }
    while (++last < number) {
      findings.missing.push_back(last);
    }
    findings.records += 1;
    output.Add(TakeRecord(readers, number, findings));
    if (!output.is_open()) {
      break;
    }
  }
  output.Flush();
  if (!output.is_open()) {
    return {};  // nobody reads on, or asks what is missing
  }
  while (last < options.records) {
    findings.missing.push_back(++last);
  }
  return findings;
}

/// Names what is wrong; the exit status.
int Tell(const Findings& findings, const MergeOptions& options) {
  const auto tell = [&](const std::vector<std::size_t>& numbers, const std::string& what) {
    if (!numbers.empty() && !options.quiet) {
      Note(std::to_string(numbers.size()) + " records " + what + ": " + RangeText(numbers));
    }
  };
  tell(findings.missing, "missing");
  tell(findings.doubled, "doubled (the first stays)");
  tell(findings.failed, "failed");
  const bool is_too_many =
      options.records > 0 && findings.records + findings.missing.size() > options.records;
  if (is_too_many && !options.quiet) {
    Note("more records than --records " + std::to_string(options.records));
  }
  const bool is_clean = findings.missing.empty() && findings.doubled.empty() &&
                        findings.failed.empty() && !is_too_many;
  return is_clean ? kDone : kDoneBut;
}

void CheckInputs(const MergeOptions& options) {
  for (const std::string& path : options.inputs) {
    if (Exists(path + ".resume")) {
      throw Error(ErrorCode::kUsage, path + ": is not finished (" + path +
                                         ".resume is there); batch --resume goes on with it");
    }
  }
}

int RunMerge(const MergeOptions& options) {
  CheckInputs(options);
  if (options.output == "-") {
    MergedOutput output(STDOUT_FILENO, "standard output");
    return Tell(Merge(options, output), options);
  }
  std::error_code ignored;  // of what is no file yet, or none that has a size
  const auto size = std::filesystem::file_size(options.output, ignored);
  if (!ignored && size > 0 && !options.overwrite) {
    throw Error(ErrorCode::kUsage, options.output + ": is not empty; --overwrite replaces it");
  }
  StagedFile file(options.output);
  MergedOutput output(file.descriptor(), file.name());
  const Findings findings = Merge(options, output);
  file.Commit();
  return Tell(findings, options);
}

}  // namespace

void AddMerge(CLI::App& app, Action& action) {
  auto options = std::make_shared<MergeOptions>();  // shared with the callback below
  CLI::App* const merge =
      app.add_subcommand("merge", "Put the outputs of shards and of retries back into input order");
  merge
      ->add_option("FILE", options->inputs,
                   "Outputs of shards, of a retry, or of a whole run; a result replaces an error "
                   "of the same record")
      ->required()
      ->type_name("PATH");
  merge->add_option("-o,--output", options->output, "Where the records go (default: stdout)")
      ->type_name("PATH");
  merge->add_flag("--overwrite", options->overwrite, "Replace an output file that is not empty");
  merge
      ->add_option("--records", options->records,
                   "How many records there must be (default: up to the last one found)")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1} << 40U))
      ->type_name("N");
  merge->add_flag("--quiet", options->quiet, "Do not name what is missing, doubled or failed");
  merge->callback([options, &action] { action = [options] { return RunMerge(*options); }; });
}

}  // namespace bertqa::cli
