#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bertqa/answer_options.h"
#include "bertqa/qa.h"
#include "io/offsets.h"

namespace bertqa {

/// What a request may ask for beside its texts.
struct ApiOptions {
  std::string model;  ///< "": the server's first
  AnswerOptions answer;
  OffsetUnit offsets = OffsetUnit::kCodePoint;
  std::chrono::milliseconds timeout{0};  ///< 0: the server's
  bool keep_fields = false;
};

/// The body of /v1/answer and /v1/inspect. The request's payload is RecordFields.
struct ApiQuestion {
  ApiOptions options;
  QaRequest request;
  std::vector<std::string> files;  ///< names of `documents`; empty for `context`
};

/// The body of /v1/answers, if it is one JSON object.
struct ApiRecords {
  ApiOptions options;
  std::vector<std::string> records;  ///< JSON each
};

using ApiQuery = std::vector<std::pair<std::string, std::string>>;

// All throw HttpProblem for what is wrong with a request; what is not known is wrong, too.
ApiOptions ParseApiQuery(const ApiQuery& query);
ApiQuestion ParseApiQuestion(std::string_view body, const ApiQuery& query);
ApiRecords ParseApiRecords(std::string_view body, const ApiQuery& query);

/// "--top-k 3" of the command line's messages is "top_k 3" here.
std::string InWordsOfTheApi(std::string message);

}  // namespace bertqa
