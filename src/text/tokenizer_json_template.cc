// Post-processors of a tokenizer.json: how a pair of texts becomes one input.

#include <optional>
#include <utility>
#include <vector>

#include "text/tokenizer_json_parts.h"

namespace bertqa {
namespace {

constexpr std::string_view kShape =
    "expected special tokens, the first text, special tokens, the second text, special tokens";

/// The id in ["[SEP]", 102].
TokenId ReadTokenPair(const JsonNode& node, std::size_t vocabulary_size) {
  const std::vector<JsonNode> pair = node.Items();
  if (pair.size() != 2) {
    node.Fail(ErrorCode::kMalformed, "expected a token and its id");
  }
  return static_cast<TokenId>(pair[1].Index(vocabulary_size - 1));
}

PairTemplate ReadBertProcessing(const JsonNode& node, std::size_t vocabulary_size) {
  const TokenId sep = ReadTokenPair(node.At("sep"), vocabulary_size);
  PairTemplate pair;
  pair.prefix = {ReadTokenPair(node.At("cls"), vocabulary_size)};
  pair.separator = {sep};
  pair.suffix = {sep};
  return pair;
}

PairTemplate ReadRobertaProcessing(const JsonNode& node, std::size_t vocabulary_size) {
  PairTemplate pair = ReadBertProcessing(node, vocabulary_size);
  pair.separator.push_back(pair.separator.front());
  pair.context_segment = 0;
  return pair;
}

/// Reads the items of a TemplateProcessing's "pair", one after the other.
class TemplateReader {
 public:
  TemplateReader(const JsonNode& node, std::size_t vocabulary_size)
      : node_(node), vocabulary_size_(vocabulary_size) {}

  PairTemplate Read() {
    const JsonNode items = node_.At("pair");
    for (const JsonNode& item : items.Items()) {
      if (const auto token = item.Find("SpecialToken")) {
        AddSpecial(*token);
      } else {
        AddSequence(item.At("Sequence"));
      }
    }
    if (texts_.size() != 2 || pair_.prefix.empty()) {
      items.Fail(ErrorCode::kUnsupported, std::string(kShape));
    }
    pair_.question_segment = texts_[0];
    pair_.context_segment = texts_[1];
    for (const auto& [text_count, segment] : specials_) {
      if (segment != (text_count < 2 ? texts_[0] : texts_[1])) {
        items.Fail(ErrorCode::kUnsupported,
                   "expected the special tokens up to the second text to have the \"type_id\" of "
                   "the first text, and those behind it that of the second");
      }
    }
    return std::move(pair_);
  }

 private:
  void AddSpecial(const JsonNode& token) {
    const JsonNode ids = node_.At("special_tokens").At(token.At("id").String()).At("ids");
    std::vector<TokenId>& part = texts_.empty()       ? pair_.prefix
                                 : texts_.size() == 1 ? pair_.separator
                                                      : pair_.suffix;
    for (const JsonNode& id : ids.Items()) {
      part.push_back(static_cast<TokenId>(id.Index(vocabulary_size_ - 1)));
    }
    specials_.emplace_back(texts_.size(), SegmentOf(token));
  }

  void AddSequence(const JsonNode& sequence) {
    const JsonNode id = sequence.At("id");
    if (texts_.size() == 2 || id.String() != (texts_.empty() ? "A" : "B")) {
      id.Fail(ErrorCode::kUnsupported, std::string(kShape));
    }
    texts_.push_back(SegmentOf(sequence));
  }

  static std::int32_t SegmentOf(const JsonNode& node) {
    return static_cast<std::int32_t>(node.At("type_id").Index(1));
  }

  const JsonNode& node_;
  std::size_t vocabulary_size_;
  PairTemplate pair_;
  std::vector<std::int32_t> texts_;  ///< the segments of the texts so far
  std::vector<std::pair<std::size_t, std::int32_t>> specials_;  ///< texts before it, segment
};

PairTemplate ReadTemplateProcessing(const JsonNode& node, std::size_t vocabulary_size) {
  return TemplateReader(node, vocabulary_size).Read();
}

PairTemplate ReadSequence(const JsonNode& node, std::size_t vocabulary_size) {
  std::optional<JsonNode> found;
  for (const JsonNode& item : node.At("processors").Items()) {
    if (item.At("type").String() == "ByteLevel") {
      continue;  // it trims spans, which we always do
    }
    if (found) {
      item.Fail(ErrorCode::kUnsupported, "one template is expected, not several");
    }
    found = item;
  }
  if (!found) {
    node.Fail(ErrorCode::kUnsupported,
              "expected BertProcessing, RobertaProcessing or TemplateProcessing, found neither");
  }
  return ReadPairTemplate(*found, vocabulary_size);
}

struct TemplateRow {
  std::string_view name;
  PairTemplate (*read)(const JsonNode& node, std::size_t vocabulary_size);
};

constexpr TemplateRow kTemplates[] = {
    {"BertProcessing", ReadBertProcessing},
    {"RobertaProcessing", ReadRobertaProcessing},
    {"TemplateProcessing", ReadTemplateProcessing},
    {"Sequence", ReadSequence},
};

}  // namespace

PairTemplate ReadPairTemplate(const JsonNode& post_processor, std::size_t vocabulary_size) {
  return FindComponent(post_processor, kTemplates).read(post_processor, vocabulary_size);
}

}  // namespace bertqa
