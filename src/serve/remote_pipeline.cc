#include "serve/remote_pipeline.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/url.h"
#include "bertqa/error.h"
#include "io/json_text.h"
#include "io/option_words.h"
#include "serve/remote_stream.h"

namespace bertqa {
namespace {

/// All options, so that a server with other defaults answers the same.
std::string QueryOf(const RemoteOptions& options) {
  const AnswerOptions& answer = options.answer;
  std::string query = "?offsets=" + WordOf(OffsetWords(), OffsetUnit::kByte);
  const auto add = [&](std::string_view name, std::string_view value) {
    query += '&';
    query += name;
    query += '=';
    query += EscapeUrlPart(value);
  };
  add("top_k", std::to_string(answer.top_k));
  add("max_answer_tokens", std::to_string(answer.max_answer_tokens));
  add("max_question_tokens", std::to_string(answer.max_question_tokens));
  add("dedupe", WordOf(DedupeWords(), answer.dedupe));
  add("decode", WordOf(DecodeWords(), answer.decode));
  if (answer.window_tokens) {
    add("window_tokens", std::to_string(*answer.window_tokens));
  }
  if (answer.overlap_tokens) {
    add("overlap_tokens", std::to_string(*answer.overlap_tokens));
  }
  if (answer.no_answer) {
    add("no_answer", *answer.no_answer ? "true" : "false");
  }
  if (answer.null_threshold) {
    add("null_threshold", NumberText(*answer.null_threshold));
  }
  if (!options.model.empty()) {
    add("model", options.model);
  }
  return query;
}

std::string MemberText(const std::vector<JsonMember>& members, std::string_view key) {
  const JsonMember* const member = FindMember(members, key);
  return member != nullptr && member->is_string() ? DecodeJsonString(member->value) : "";
}

}  // namespace

RemotePipeline::RemotePipeline(RemoteOptions options)
    : options_(std::move(options)), query_(QueryOf(options_)) {
  options_.answer.Validate();
  LoadServeModule().make_client(options_.client);  // finds out what is wrong with the address
}

RemoteModel RemotePipeline::ReadModel() const {
  const std::string& address = options_.client.address;
  const auto client = LoadServeModule().make_client(options_.client);
  const HttpClientReply reply = client->Get("/v1/models");
  RequireReply(reply, address);
  const auto refuse = [&] {
    throw Error(ErrorCode::kMalformed, "server " + address + ": its list of models is none");
  };
  if (CheckJson(reply.body) || !reply.body.starts_with('{')) {
    refuse();
  }
  const std::vector<JsonMember> members = SplitObject(reply.body);
  const JsonMember* const models = FindMember(members, "models");
  if (models == nullptr || !models->value.starts_with('[')) {
    refuse();
  }
  for (const std::string_view item : SplitList(models->value)) {
    if (!item.starts_with('{')) {
      refuse();
    }
    const std::vector<JsonMember> facts = SplitObject(item);
    RemoteModel model{MemberText(facts, "name"), MemberText(facts, "fingerprint"),
                      MemberText(facts, "precision"), MemberText(facts, "kernels"),
                      MemberText(facts, "version")};
    if (options_.model.empty() || model.name == options_.model) {
      return model;
    }
  }
  throw Error(
      ErrorCode::kUnreadable,
      "server " + address + ": " +
          (options_.model.empty() ? "it has no model" : "no model is called " + options_.model));
}

PipelineStats RemotePipeline::Stream(const RequestSource& source, const ResultSink& sink,
                                     const SinkIdle& idle, const std::stop_token& stop) const {
  return RemoteStream(options_, query_).Run(source, sink, idle, stop);
}

}  // namespace bertqa
