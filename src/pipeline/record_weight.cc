#include "pipeline/record_weight.h"

namespace bertqa {
namespace {

/// What a record costs besides its tokens, in tokens; how many bytes of text count as one; and how
/// many make one, until the text is tokenized.
constexpr std::size_t kRecordWeight = 32;
constexpr std::size_t kBytesPerToken = 16;
constexpr std::size_t kTextBytesPerToken = 4;

std::size_t TextBytes(const QaRequest& request) {
  std::size_t bytes = request.question.size();
  for (const std::string& document : request.documents) {
    bytes += document.size();
  }
  return bytes;
}

}  // namespace

std::size_t WeighText(const QaRequest& request) {
  return kRecordWeight + TextBytes(request) / kBytesPerToken;
}

std::size_t Weigh(const QaRequest& request, const Example& example) {
  std::size_t weight = WeighText(request) + example.question.size();
  for (const Encoding& document : example.documents) {
    weight += document.size();
  }
  return weight;
}

std::size_t GuessTokens(const QaRequest& request) {
  return TextBytes(request) / kTextBytesPerToken;
}

}  // namespace bertqa
