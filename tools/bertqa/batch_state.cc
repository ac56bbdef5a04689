#include "batch_state.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "base/files.h"
#include "base/fingerprint.h"
#include "base/staged_file.h"
#include "bertqa/error.h"
#include "io/json_object.h"
#include "io/json_text.h"
#include "io/option_words.h"

namespace bertqa::cli {
namespace {

std::string OnOff(bool value) {
  return value ? "on" : "off";
}

std::string FileFingerprint(const std::filesystem::path& path) {
  Fingerprint fingerprint;
  AddFile(fingerprint, path);
  return fingerprint.Hex();
}

void AddAnswerConditions(Conditions& conditions, const QaOptions& options) {
  conditions["--top-k"] = std::to_string(options.top_k);
  conditions["--max-answer-tokens"] = std::to_string(options.max_answer_tokens);
  conditions["--max-question-tokens"] = std::to_string(options.windows.max_question_tokens);
  conditions["--window-tokens"] = std::to_string(options.windows.window_tokens);
  conditions["--overlap-tokens"] = std::to_string(options.windows.overlap_tokens);
  conditions["--dedupe"] = WordOf(DedupeWords(), options.dedupe);
  conditions["--decode"] = WordOf(DecodeWords(), options.decode);
  conditions["--no-answer"] = OnOff(options.no_answer);
  conditions["--null-threshold"] = NumberText(options.null_threshold);
  conditions["the model's temperature"] = NumberText(options.temperature);
}

}  // namespace

Conditions InputConditions(const BatchOptions& options, const Descriptor& input) {
  Fingerprint content;
  AddRest(content, input.value(), options.input);
  const bool retries = !options.retry_errors.empty();
  return {{"program", BERTQA_VERSION " " + FileFingerprint("/proc/self/exe")},
          {"input", content.Hex()},
          {"--input-format", options.input_format},
          {"--keep-fields", OnOff(options.keep_fields)},
          {"--max-line-bytes", std::to_string(options.max_line_bytes)},
          {"--offsets", WordOf(OffsetWords(), options.offsets)},
          {"--shard", options.shard.empty() ? "none" : options.shard},
          {"--retry-errors", retries ? FileFingerprint(options.retry_errors) : "none"}};
}

void AddModelConditions(Conditions& conditions, const BatchOptions& options,
                        const LoadedPipeline& loaded) {
  const ComputeInfo compute = loaded.pipeline.model().qa->compute_info();
  conditions["model"] = ModelFingerprint(ResolveModel(options.run.model));
  conditions["--precision"] = NameOf(compute.precision);
  conditions["kernels"] = compute.instruction_set;
  AddAnswerConditions(conditions, loaded.pipeline.options());
}

void AddServerConditions(Conditions& conditions, const RemotePipeline& remote) {
  const RemoteModel model = remote.ReadModel();
  conditions["program"] += ", of the server " + model.version;
  conditions["model"] = model.fingerprint;
  conditions["--precision"] = model.precision;
  conditions["kernels"] = model.kernels;
  conditions["the server's options"] = remote.query();
}

bool BatchState::exists() const {
  std::error_code ignored;
  return std::filesystem::exists(path_, ignored);
}

void BatchState::Require(const Conditions& conditions) const {
  const std::string text = ReadFile(path_);
  if (CheckJson(text) || !text.starts_with('{')) {
    throw Error(ErrorCode::kMalformed, path_ + ": damaged; --overwrite begins anew");
  }
  Conditions begun;
  for (const JsonMember& member : SplitObject(text)) {
    begun[member.key] = member.is_string() ? DecodeJsonString(member.value) : "";
  }
  for (const auto& [name, value] : conditions) {
    const auto found = begun.find(name);
    const std::string expected = found == begun.end() ? "none" : found->second;
    if (expected != value) {
      throw Error(ErrorCode::kUsage, "--resume: " + name + " is not the same: the run that " +
                                         path_ + " is of has " + expected + ", this command " +
                                         value + "; --overwrite begins anew");
    }
  }
}

void BatchState::Write(const Conditions& conditions) const {
  std::string json;
  ObjectWriter object(json);
  for (const auto& [name, value] : conditions) {
    object.Member(name, JsonString(value));
  }
  object.Close();
  WriteFileDurably(path_, json + "\n");
}

void BatchState::Remove() const {
  SyncFolderOf(path_);  // the output's name first
  if (::unlink(path_.c_str()) != 0 && errno != ENOENT) {
    throw Error(ErrorCode::kUnwritable,
                path_ + ": cannot remove: " + std::generic_category().message(errno));
  }
  SyncFolderOf(path_);
}

}  // namespace bertqa::cli
