#include "io/record_writer.h"

#include <algorithm>
#include <array>

#include "io/json_object.h"
#include "io/json_text.h"
#include "io/record_lines.h"

namespace bertqa {
namespace {

/// The keys of a record. An input's field of the same name is not carried through.
constexpr std::array<std::string_view, 16> kRecordKeys = {kNumberKey,
                                                          "id",
                                                          "question",
                                                          "file",
                                                          "line",
                                                          "answer",
                                                          "start",
                                                          "end",
                                                          "probability",
                                                          "logit",
                                                          "null_probability",
                                                          "null_logit",
                                                          "reason",
                                                          "answers",
                                                          "warnings",
                                                          "error"};

void WriteAnswer(ObjectWriter& object, const Answer& answer, const QaRequest& request,
                 const RecordFormat& format) {
  OffsetConverter offsets(request.documents[answer.document_index], format.offsets);
  const ByteSpan span = offsets.FromBytes(answer.span);
  object.Member("answer", JsonString(answer.text));
  if (!format.files.empty()) {
    object.Member("file", JsonString(format.files[answer.document_index]));
  }
  object.Member("start", std::to_string(span.begin));
  object.Member("end", std::to_string(span.end));
  object.Member("probability", NumberText(answer.probability));
  object.Member("logit", NumberText(answer.logit));
}

void WriteNoAnswer(ObjectWriter& object, const RecordFormat& format) {
  object.Member("answer", "null");
  if (!format.files.empty()) {
    object.Member("file", "null");
  }
  for (const std::string_view key : {"start", "end", "probability", "logit"}) {
    object.Member(key, "null");
  }
}

/// Carries fields through; returns what could not be, as warnings.
std::vector<std::string> WriteKeptFields(ObjectWriter& object, const RecordFields& fields) {
  std::vector<std::string> warnings;
  for (const auto& [key, value] : fields.kept) {
    const bool is_taken =
        std::any_of(kRecordKeys.begin(), kRecordKeys.end(),
                    [&](std::string_view name) { return JsonString(name) == key; });
    if (is_taken) {
      warnings.push_back("field " + key + " not kept: the output has one of that name");
    } else {
      object.RawMember(key, value);
    }
  }
  return warnings;
}

void WriteResult(ObjectWriter& object, const QaRequest& request, const QaResult& result,
                 const RecordFormat& format) {
  if (result.has_answer()) {
    WriteAnswer(object, result.answers.front(), request, format);
  } else {
    WriteNoAnswer(object, format);
  }
  object.Member("null_probability", NumberText(result.null_probability));
  object.Member("null_logit", result.null_logit ? NumberText(*result.null_logit) : "null");
  if (!result.has_answer()) {
    object.Member("reason", JsonString(NoAnswerReasonName(result.no_answer_reason)));
  }
  object.Member("answers", FormatList(result.answers, [&](const Answer& answer) {
                  std::string json;
                  ObjectWriter entry(json);
                  WriteAnswer(entry, answer, request, format);
                  entry.Close();
                  return json;
                }));
}

void WriteError(ObjectWriter& object, const RecordFields& fields, const RecordError& error) {
  std::string message = error.message;
  const std::string place = "line " + std::to_string(fields.line) + ": ";
  if (fields.line > 0) {
    object.Member("line", std::to_string(fields.line));
    if (!message.starts_with(place)) {
      message = place + message;
    }
  }
  std::string json;
  ObjectWriter entry(json);
  entry.Member("code", JsonString(RecordErrorName(error.code)));
  entry.Member("message", JsonString(message));
  entry.Close();
  object.Member("error", json);
}

}  // namespace

std::string_view NoAnswerReasonName(NoAnswerReason reason) {
  switch (reason) {
    case NoAnswerReason::kEmptyContext:
      return "empty_context";
    case NoAnswerReason::kNullThreshold:
      return "null_threshold";
    case NoAnswerReason::kCrossed:
      return "crossed";
    case NoAnswerReason::kNone:
      break;
  }
  return "";
}

const RecordFields& FieldsOf(const QaRequest& request) {
  static const RecordFields unnamed;
  const auto* fields = std::any_cast<RecordFields>(&request.payload);
  return fields == nullptr ? unnamed : *fields;
}

std::string FormatRecord(const StreamOutput& output, const RecordFormat& format) {
  const RecordFields& fields = FieldsOf(output.request);
  std::string json;
  ObjectWriter object(json);
  if (format.with_number) {
    object.Member(kNumberKey, std::to_string(fields.number));
  }
  if (!fields.id_json.empty()) {
    object.Member("id", fields.id_json);
  }
  if (format.with_question) {
    object.Member("question", JsonString(output.request.question));
  }
  std::vector<std::string> warnings = WriteKeptFields(object, fields);
  if (const auto* error = std::get_if<RecordError>(&output.outcome)) {
    WriteError(object, fields, *error);
  } else {
    const auto& result = std::get<QaResult>(output.outcome);
    WriteResult(object, output.request, result, format);
    warnings.insert(warnings.begin(), result.warnings.begin(), result.warnings.end());
  }
  if (!warnings.empty()) {
    object.Member("warnings", FormatList(warnings, JsonString));
  }
  object.Close();
  return json + "\n";
}

}  // namespace bertqa
