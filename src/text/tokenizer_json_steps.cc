// Normalizers and pre-tokenizers of a tokenizer.json.

#include <utility>
#include <vector>

#include "text/charsmap.h"
#include "text/tokenizer_json_parts.h"

namespace bertqa {
namespace {

using NormalizerPtr = std::unique_ptr<Normalizer>;

template <bool kCompatibility, bool kCompose>
NormalizerPtr ReadNormalForm(const JsonNode& /*node*/) {
  return MakeNormalForm({.compatibility = kCompatibility, .compose = kCompose});
}

NormalizerPtr ReadBertNormalizer(const JsonNode& node) {
  const bool lowercase = node.BoolOr("lowercase", true);
  return MakeBertNormalizer({.lowercase = lowercase,
                             .strip_accents = node.BoolOr("strip_accents", lowercase),
                             .tokenize_chinese_chars = node.BoolOr("handle_chinese_chars", true)},
                            node.BoolOr("clean_text", true));
}

NormalizerPtr ReadPrecompiled(const JsonNode& node) {
  const auto text = node.Find("precompiled_charsmap");
  if (!text || text->String().empty()) {
    return MakeNormalizerSequence({});
  }
  const auto bytes = DecodeBase64(text->String());
  if (!bytes) {
    text->Fail(ErrorCode::kMalformed,
               "expected sentencepiece's normalization rules in base64, found something else");
  }
  return MakePrecompiled(Charsmap(*bytes, text->Place()));
}

NormalizerPtr ReadNormalizerSequence(const JsonNode& node) {
  std::vector<NormalizerPtr> steps;
  for (const JsonNode& item : node.At("normalizers").Items()) {
    steps.push_back(ReadNormalizer(item));
  }
  return MakeNormalizerSequence(std::move(steps));
}

struct NormalizerRow {
  std::string_view name;
  NormalizerPtr (*read)(const JsonNode& node);
};

constexpr NormalizerRow kNormalizers[] = {
    {"BertNormalizer", ReadBertNormalizer},
    {"Lowercase", [](const JsonNode& /*node*/) { return MakeLowercase(); }},
    {"NFC", ReadNormalForm<false, true>},
    {"NFD", ReadNormalForm<false, false>},
    {"NFKC", ReadNormalForm<true, true>},
    {"NFKD", ReadNormalForm<true, false>},
    {"StripAccents", [](const JsonNode& /*node*/) { return MakeStripAccents(); }},
    {"Strip",
     [](const JsonNode& node) {
       return MakeStrip(node.BoolOr("strip_left", true), node.BoolOr("strip_right", true));
     }},
    {"Replace",
     [](const JsonNode& node) {
       return MakeReplace(ReadPattern(node.At("pattern")), node.At("content").String());
     }},
    {"Prepend", [](const JsonNode& node) { return MakePrepend(node.At("prepend").String()); }},
    {"Precompiled", ReadPrecompiled},
    {"Sequence", ReadNormalizerSequence},
};

SplitBehaviour ReadBehaviour(const JsonNode& node) {
  constexpr std::pair<std::string_view, SplitBehaviour> kBehaviours[] = {
      {"Removed", SplitBehaviour::kRemoved},
      {"Isolated", SplitBehaviour::kIsolated},
      {"MergedWithPrevious", SplitBehaviour::kMergedWithPrevious},
      {"MergedWithNext", SplitBehaviour::kMergedWithNext},
      {"Contiguous", SplitBehaviour::kContiguous}};
  const auto behaviour = node.Find("behavior");
  if (!behaviour) {
    return SplitBehaviour::kIsolated;
  }
  for (const auto& [name, value] : kBehaviours) {
    if (name == behaviour->String()) {
      return value;
    }
  }
  behaviour->Fail(ErrorCode::kUnsupported, "\"" + behaviour->String() + "\" is not supported");
}

PrependScheme ReadPrependScheme(const JsonNode& node) {
  const auto scheme = node.Find("prepend_scheme");
  if (!scheme) {  // as before tokenizers 0.15
    return node.BoolOr("add_prefix_space", true) ? PrependScheme::kAlways : PrependScheme::kNever;
  }
  const std::string& name = scheme->String();
  if (name != "always" && name != "first" && name != "never") {
    scheme->Fail(ErrorCode::kUnsupported,
                 "\"" + name + "\" is not supported; expected always, first or never");
  }
  return name == "always"  ? PrependScheme::kAlways
         : name == "first" ? PrependScheme::kFirst
                           : PrependScheme::kNever;
}

ReadPreTokenizerResult ReadByteLevel(const JsonNode& node) {
  return {.pre_tokenizer = MakeByteLevelPreTokenizer(node.BoolOr("add_prefix_space", true),
                                                     node.BoolOr("use_regex", true)),
          .byte_level = true};
}

ReadPreTokenizerResult ReadPreTokenizerSequence(const JsonNode& node) {
  std::vector<std::unique_ptr<PreTokenizer>> steps;
  bool byte_level = false;
  for (const JsonNode& item : node.At("pretokenizers").Items()) {
    if (byte_level) {
      item.Fail(ErrorCode::kUnsupported, "nothing is expected behind \"ByteLevel\"");
    }
    ReadPreTokenizerResult step = ReadPreTokenizer(item);
    steps.push_back(std::move(step.pre_tokenizer));
    byte_level = step.byte_level;
  }
  return {.pre_tokenizer = MakePreTokenizerSequence(std::move(steps)), .byte_level = byte_level};
}

ReadPreTokenizerResult OfText(std::unique_ptr<PreTokenizer> pre_tokenizer) {
  return {.pre_tokenizer = std::move(pre_tokenizer), .byte_level = false};
}

struct PreTokenizerRow {
  std::string_view name;
  ReadPreTokenizerResult (*read)(const JsonNode& node);
};

constexpr PreTokenizerRow kPreTokenizers[] = {
    {"BertPreTokenizer", [](const JsonNode& /*node*/) { return OfText(MakeBertPreTokenizer()); }},
    {"ByteLevel", ReadByteLevel},
    {"Metaspace",
     [](const JsonNode& node) {
       return OfText(MakeMetaspace(node.StringOr("replacement", "\u2581"), ReadPrependScheme(node),
                                   node.BoolOr("split", true)));
     }},
    {"Whitespace", [](const JsonNode& /*node*/) { return OfText(MakeWhitespacePreTokenizer()); }},
    {"WhitespaceSplit", [](const JsonNode& /*node*/) { return OfText(MakeWhitespaceSplit()); }},
    {"Punctuation",
     [](const JsonNode& node) { return OfText(MakePunctuationPreTokenizer(ReadBehaviour(node))); }},
    {"Digits",
     [](const JsonNode& node) {
       return OfText(MakeDigitsPreTokenizer(node.BoolOr("individual_digits", false)));
     }},
    {"Split",
     [](const JsonNode& node) {
       return OfText(MakeSplitPreTokenizer(ReadPattern(node.At("pattern")), ReadBehaviour(node),
                                           node.BoolOr("invert", false)));
     }},
    {"Sequence", ReadPreTokenizerSequence},
};

}  // namespace

NormalizerPtr ReadNormalizer(const JsonNode& node) {
  return FindComponent(node, kNormalizers).read(node);
}

ReadPreTokenizerResult ReadPreTokenizer(const JsonNode& node) {
  return FindComponent(node, kPreTokenizers).read(node);
}

Pattern ReadPattern(const JsonNode& node) {
  if (const auto literal = node.Find("String")) {
    return Pattern::Literal(literal->String());
  }
  const JsonNode expression = node.At("Regex");
  auto pattern = Pattern::Regex(expression.String());
  if (!pattern) {
    expression.Fail(ErrorCode::kUnsupported, "the expression \"" + expression.String() +
                                                 "\" is not supported; expected one of " +
                                                 Pattern::KnownExpressions());
  }
  return std::move(*pattern);
}

}  // namespace bertqa
