#include "serve/problem.h"

#include <array>
#include <utility>

#include "base/utf8.h"
#include "io/json_object.h"
#include "io/jsonl_reader.h"

namespace bertqa {
namespace {

constexpr std::array<std::pair<int, std::string_view>, 15> kStatusTexts = {{
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
}};

int StatusOf(RecordErrorCode code) {
  switch (code) {
    case RecordErrorCode::kBadJson:
    case RecordErrorCode::kBadUtf8:
      return 400;
    case RecordErrorCode::kMissingField:
    case RecordErrorCode::kWrongType:
    case RecordErrorCode::kEmptyQuestion:
      return 422;
    case RecordErrorCode::kTooLong:
      return 413;
    case RecordErrorCode::kInternal:
      break;
  }
  return 500;
}

}  // namespace

HttpProblem::HttpProblem(int status, std::string code, const std::string& detail,
                         std::vector<HttpHeader> headers)
    : std::runtime_error(detail),
      status_(status),
      code_(std::move(code)),
      headers_(std::move(headers)) {}

HttpProblem::HttpProblem(const RecordError& error)
    : HttpProblem(StatusOf(error.code), std::string(RecordErrorName(error.code)), error.message) {}

HttpResponse HttpProblem::Response() const {
  // A detail may quote what a client sent.
  const std::string detail = FindInvalidUtf8(what()) ? "the request is not UTF-8" : what();
  std::string json;
  ObjectWriter object(json);
  object.Member("type", "\"about:blank\"");
  object.Member("title", JsonString(StatusText(status_)));
  object.Member("status", std::to_string(status_));
  object.Member("detail", JsonString(detail));
  object.Member("code", JsonString(code_));
  object.Close();
  HttpResponse response{.status = status_, .headers = headers_, .body = json + "\n"};
  response.headers.push_back({"Content-Type", "application/problem+json"});
  return response;
}

std::string_view StatusText(int status) {
  for (const auto& [number, text] : kStatusTexts) {
    if (number == status) {
      return text;
    }
  }
  return status < 500 ? "Bad Request" : "Internal Server Error";
}

HttpResponse JsonResponse(std::string json) {
  return {
      .status = 200, .headers = {{"Content-Type", "application/json"}}, .body = std::move(json)};
}

HttpHeader RetryAfter() {
  return {"Retry-After", "1"};
}

}  // namespace bertqa
