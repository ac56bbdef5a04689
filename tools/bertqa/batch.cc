#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <set>
#include <string>
#include <system_error>

#include "bertqa/error.h"
#include "command.h"
#include "descriptor.h"
#include "io/json_text.h"
#include "io/jsonl_reader.h"
#include "io/progress.h"
#include "io/record_writer.h"
#include "io/squad_reader.h"

namespace bertqa::cli {
namespace {

enum class OutputFormat { kJsonl, kSquad };

struct BatchOptions {
  RunOptions run;
  AnswerOptions answer;
  std::string input = "-";
  std::string output = "-";
  std::string input_format = "auto";
  OutputFormat output_format = OutputFormat::kJsonl;
  bool keep_fields = false;
  bool overwrite = false;
  std::size_t max_line_bytes = std::size_t{16} << 20U;
};

/// Gives the records of a JSONL or a SQuAD input, one after the other.
class RecordSource {
 public:
  RecordSource(int descriptor, const BatchOptions& options)
      : options_(options),
        name_(options.input == "-" ? "standard input" : options.input),
        lines_(descriptor, name_, options.max_line_bytes) {}

  /// Looks at the beginning of the input; reads all of it if it is SQuAD. A bad SQuAD file is found
  /// here, before a model is loaded.
  void Open() {
    if (IsSquad()) {
      squad_ = ParseSquad(lines_.ReadRest(), name_);
    }
  }

  std::optional<StreamInput> Next() {
    if (squad_) {
      return NextExample();
    }
    const KeepFields keep = options_.keep_fields ? KeepFields::kYes : KeepFields::kNo;
    while (std::optional<Line> line = lines_.Next()) {
      if (line->too_long || line->text.find_first_not_of(" \t\r") != std::string::npos) {
        return MakeStreamInput(ParseRecord(*line, keep, options_.max_line_bytes));
      }
    }
    return std::nullopt;
  }

  /// 0 if it is not known.
  std::size_t total() const { return squad_ ? squad_->examples.size() : 0; }

 private:
  bool IsSquad() {
    if (options_.input_format != "auto") {
      return options_.input_format == "squad";
    }
    constexpr std::size_t kEnoughBytes = std::size_t{1} << 16U;
    return GuessFormat(lines_.Peek(kEnoughBytes, IsEnoughToGuess)) == InputFormat::kSquad;
  }

  std::optional<StreamInput> NextExample() {
    if (next_ == squad_->examples.size()) {
      return std::nullopt;
    }
    const SquadExample& example = squad_->examples[next_++];
    Record record;
    record.fields.id_json = JsonString(example.id);
    record.question = example.question;
    record.context = *example.context;
    return MakeStreamInput(std::move(record));
  }

  const BatchOptions& options_;
  std::string name_;
  LineReader lines_;
  std::optional<SquadFile> squad_;
  std::size_t next_ = 0;
};

/// Writes records as they come; what is written is flushed when the pipeline has nothing ready.
class RecordSink {
 public:
  RecordSink(int descriptor, const BatchOptions& options)
      : options_(options),
        descriptor_(descriptor),
        name_(options.output == "-" ? "standard output" : options.output) {
    format_.offsets = options.answer.offsets;
  }

  bool Write(const StreamOutput& output) {
    if (std::holds_alternative<RecordError>(output.outcome)) {
      ++failed_;
    }
    if (options_.output_format == OutputFormat::kSquad) {
      AppendPrediction(output);
    } else {
      buffer_ += FormatRecord(output, format_);
    }
    constexpr std::size_t kFlushBytes = std::size_t{1} << 16U;
    return buffer_.size() < kFlushBytes || Flush();
  }

  bool Flush() {
    if (is_open_ && !WriteDescriptor(descriptor_, buffer_, name_)) {
      is_open_ = false;
    }
    buffer_.clear();
    return is_open_;
  }

  void Finish() {
    if (options_.output_format == OutputFormat::kSquad) {
      buffer_ += seen_ids_.empty() ? "{}\n" : "}\n";
    }
    Flush();
  }

  std::size_t failed() const { return failed_; }

 private:
  /// An object of predictions has no place for an error: those go to stderr, and are counted.
  void AppendPrediction(const StreamOutput& output) {
    const std::string& id = FieldsOf(output.request).id_json;
    if (const auto* error = std::get_if<RecordError>(&output.outcome)) {
      Note((id.empty() ? "" : "id " + id + ": ") + error->message);
      return;
    }
    if (id.empty() || !seen_ids_.insert(id).second) {
      ++failed_;
      const std::size_t line = FieldsOf(output.request).line;
      Note((line > 0 ? "line " + std::to_string(line) + ": " : "") +
           (id.empty() ? "no \"id\", which --output-format squad needs"
                       : "id " + id + " came before; its first answer stays"));
      return;
    }
    const auto& result = std::get<QaResult>(output.outcome);
    buffer_ += seen_ids_.size() == 1 ? "{" : ",\n";
    buffer_ += id.starts_with('"') ? id : JsonString(id);
    buffer_ += ": " + JsonString(result.has_answer() ? result.answers.front().text : "");
  }

  const BatchOptions& options_;
  int descriptor_;
  std::string name_;
  RecordFormat format_;
  std::string buffer_;
  std::set<std::string> seen_ids_;
  std::size_t failed_ = 0;
  bool is_open_ = true;
};

int RunBatch(const BatchOptions& options) {
  CheckOptions(options.run, options.answer);
  const Descriptor input = OpenInput(options.input);
  const Descriptor output = OpenOutput(options.output, options.overwrite, input);
  RecordSource source(input.value(), options);
  source.Open();
  const LoadedPipeline loaded = LoadPipeline(options.run, options.answer);
  ClearOutput(output);
  RecordSink sink(output.value(), options);
  Progress progress(!options.run.quiet && ::isatty(STDERR_FILENO) == 1, source.total());
  const VerboseReport report(options.run, loaded);
  const PipelineStats stats = loaded.pipeline.Stream([&] { return source.Next(); },
                                                     [&](const StreamOutput& record) {
                                                       progress.Advance();
                                                       return sink.Write(record);
                                                     },
                                                     [&] { sink.Flush(); });
  sink.Finish();
  progress.Clear();
  report.Print(stats);
  if (sink.failed() > 0 && !options.run.quiet) {
    Note(std::to_string(sink.failed()) + " of " + std::to_string(stats.records) +
         " records failed");
  }
  return sink.failed() > 0 ? kDoneBut : kDone;
}

}  // namespace

void AddBatch(CLI::App& app, Action& action) {
  auto options = std::make_shared<BatchOptions>();  // shared with the callback below
  CLI::App* const batch =
      app.add_subcommand("batch", "Answer a file of questions: JSONL or SQuAD in, JSONL out");
  batch
      ->add_option("FILE", options->input,
                   "Records with \"question\" and \"context\", one JSON object a line, or a SQuAD "
                   "file (- is standard input, also the default)")
      ->type_name("PATH");
  batch->add_option("-o,--output", options->output, "Where the results go (default: stdout)")
      ->type_name("PATH");
  batch->add_flag("--overwrite", options->overwrite, "Replace an output file that is not empty");
  batch->add_option("--input-format", options->input_format, "How the input is read")
      ->check(CLI::IsMember({"auto", "jsonl", "squad"}).description(""))
      ->type_name("auto|jsonl|squad")
      ->capture_default_str();
  AddChoice<OutputFormat>(*batch, "--output-format", options->output_format,
                          {{"jsonl", OutputFormat::kJsonl}, {"squad", OutputFormat::kSquad}},
                          "jsonl: a record a line; squad: one object of predictions by id");
  batch->add_flag("--keep-fields", options->keep_fields, "Carry other fields of a record through");
  batch->add_option("--max-line-bytes", options->max_line_bytes, "A longer line is an error record")
      ->check(CLI::Range(1, 1 << 30))
      ->capture_default_str()
      ->type_name("N");
  AddOffsetsOption(*batch, options->answer.offsets);
  AddAnswerOptions(*batch, options->answer);
  AddRunOptions(*batch, options->run);
  batch->callback([options, &action] { action = [options] { return RunBatch(*options); }; });
}

}  // namespace bertqa::cli
