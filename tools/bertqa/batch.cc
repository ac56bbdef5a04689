#include "batch.h"

#include <unistd.h>

#include <optional>
#include <string>

#include "base/staged_file.h"
#include "batch_state.h"
#include "bertqa/error.h"
#include "descriptor.h"
#include "io/progress.h"
#include "io/record_lines.h"
#include "record_sink.h"
#include "record_source.h"
#include "stop_signals.h"

namespace bertqa::cli {
namespace {

void CheckBatch(const BatchOptions& options) {
  options.answer.Validate();
  if (options.resume && options.overwrite) {
    throw Error(ErrorCode::kUsage, "--resume and --overwrite: one goes on, the other begins anew");
  }
  if (options.resume && options.output == "-") {
    throw Error(ErrorCode::kUsage, "--resume needs --output PATH");
  }
  if (options.output_format == OutputFormat::kSquad && (options.resume || options.is_part())) {
    throw Error(ErrorCode::kUsage,
                "--output-format squad is one object: --resume, --shard and --retry-errors go on, "
                "or make parts, in lines");
  }
}

/// One run of the command.
class BatchRun {
 public:
  explicit BatchRun(const BatchOptions& options)
      : options_(options),
        input_(OpenInput(options.input)),
        output_(OpenOutput(options.output, WhatOfExisting(options), input_)),
        state_(options),
        is_kept_(options.output_format == OutputFormat::kJsonl && !output_.is_borrowed() &&
                 IsRegularFile(output_) && IsRegularFile(input_)),
        sink_(output_.value(), options),
        signals_([this] { NoteInterrupted(sink_.Abandon()); }),
        source_(input_.value(), signals_.stop_descriptor(), options) {
    if (options.resume && !is_kept_) {
      throw Error(ErrorCode::kUsage,
                  "--resume: " + options.output + ": input and output must be files, no pipes");
    }
  }

  int Run() {
    const bool goes_on = options_.resume && SizeOf(output_) > 0;
    if (is_kept_ && (!goes_on || state_.exists())) {
      conditions_ = InputConditions(options_, input_);
    }
    source_.Open();
    if (goes_on && !state_.exists()) {
      return Confirm();
    }
    const auto server = ConnectServer(options_.server, options_.run, options_.answer);
    if (server) {
      if (is_kept_) {
        AddServerConditions(conditions_, *server);
      }
      goes_on ? GoOn() : Begin();
      return Answer(*server, [](const PipelineStats&) {});
    }
    const LoadedPipeline loaded = LoadPipeline(options_.run, options_.answer);
    if (is_kept_) {
      AddModelConditions(conditions_, options_, loaded);
    }
    goes_on ? GoOn() : Begin();
    const VerboseReport report(options_.run, loaded);
    return Answer(loaded.pipeline, [&](const PipelineStats& stats) { report.Print(stats); });
  }

 private:
  static Existing WhatOfExisting(const BatchOptions& options) {
    return options.overwrite ? Existing::kReplace
           : options.resume  ? Existing::kContinue
                             : Existing::kRefuse;
  }

  /// An output without a state is finished, or not ours. A kill may come after the state went.
  int Confirm() {
    before_ = ScanOutput(output_.value(), options_.output);
    const bool is_whole = before_.whole_bytes == before_.total_bytes;
    if (!is_whole || source_.Skip(before_.records + 1) != before_.records) {
      throw Error(ErrorCode::kUsage,
                  "--resume: " + options_.output + ": is not empty, and " + options_.output +
                      ".resume, which says what it was made from, is not there; --overwrite "
                      "begins anew");
    }
    if (!options_.run.quiet) {
      Note(options_.output + ": this run is done");
    }
    return Report(before_.records);
  }

  void Begin() {
    ClearOutput(output_);
    if (is_kept_) {
      // Empty for certain before there is a state: a state speaks of all that is in the output.
      SyncFile(output_.value(), options_.output);
      state_.Write(conditions_);
    } else if (!output_.is_borrowed() && IsRegularFile(output_)) {
      state_.Remove();  // of an earlier run
    }
  }

  void GoOn() {
    state_.Require(conditions_);
    before_ = ScanOutput(output_.value(), options_.output);
    if (source_.Skip(before_.records) != before_.records) {
      throw Error(ErrorCode::kUsage, "--resume: " + options_.output + ": has " +
                                         std::to_string(before_.records) +
                                         " records, more than the input");
    }
    CutOutput(output_, before_.whole_bytes);
    if (!options_.run.quiet) {
      Note(options_.output + ": goes on after " + std::to_string(before_.records) + " records");
    }
  }

  /// `pipeline` is ours, or a server's.
  template <class Pipeline, class Tell>
  int Answer(const Pipeline& pipeline, const Tell& tell) {
    sink_.Begin(before_.records, is_kept_);
    Progress progress(!options_.run.quiet && ::isatty(STDERR_FILENO) == 1, source_.total());
    const PipelineStats stats = pipeline.Stream([&] { return source_.Next(); },
                                                [&](const StreamOutput& record) {
                                                  progress.Advance();
                                                  return sink_.Write(record);
                                                },
                                                [&] { sink_.Flush(); }, signals_.token());
    sink_.Finish();
    progress.Clear();
    if (const int signal = signals_.caught()) {
      NoteInterrupted(sink_.records());
      return kSignalStatus + signal;
    }
    if (is_kept_) {
      state_.Remove();
    }
    tell(stats);
    return Report(before_.records + stats.records);
  }

  void NoteInterrupted(const std::optional<std::size_t>& records) const {
    if (!options_.run.quiet) {
      Note("interrupted" + (records ? " after " + std::to_string(*records) + " records" : "") +
           (is_kept_ ? "; the same command with --resume goes on" : ""));
    }
  }

  int Report(std::size_t records) const {
    const std::size_t failed = before_.failed + sink_.failed();
    if (failed > 0 && !options_.run.quiet) {
      Note(std::to_string(failed) + " of " + std::to_string(records) + " records failed");
    }
    return failed > 0 ? kDoneBut : kDone;
  }

  const BatchOptions& options_;
  Descriptor input_;
  Descriptor output_;
  BatchState state_;
  bool is_kept_;  ///< the run can be resumed
  RecordSink sink_;
  StopSignals signals_;  // before any thread; behind what it uses
  RecordSource source_;
  Conditions conditions_;
  OutputScan before_;  ///< what an earlier run left
};

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
  batch->add_flag("--resume", options->resume,
                  "Go on after the last whole line of an output that was interrupted; refused if "
                  "anything that decides its bytes is not the same");
  batch
      ->add_option("--shard", options->shard,
                   "Only every N-th record, beginning with the I-th (from 1); merge puts shards "
                   "together")
      ->type_name("I/N");
  batch
      ->add_option("--retry-errors", options->retry_errors,
                   "Only the records that failed in this earlier output of the same input")
      ->type_name("PATH");
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
  AddOffsetsOption(*batch, options->offsets);
  AddAnswerOptions(*batch, options->answer);
  AddRunOptions(*batch, options->run);
  AddServerOption(*batch, options->server);
  batch->footer(
      "SIGINT and SIGTERM end it after a whole record, within about two seconds, with\n"
      "130 and 143; a second one at once.");
  batch->callback([options, &action] {
    action = [options] {
      CheckBatch(*options);
      return BatchRun(*options).Run();
    };
  });
}

}  // namespace bertqa::cli
