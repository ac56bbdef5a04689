#include "text/golden_tokenizers.h"

#include <algorithm>
#include <filesystem>

#include "base/utf8.h"
#include "text/bpe_files.h"
#include "text/sentencepiece_tokenizer.h"
#include "text/tokenizer_json.h"
#include "text/wordpiece.h"

namespace bertqa {
namespace {

using TokenizerPtr = std::unique_ptr<const Tokenizer>;

TokenizerPtr WordPiece(bool is_uncased) {
  WordPieceConfig config;
  config.lowercase = is_uncased;
  return LoadWordPiece("golden/tokenizer_vocab.txt", config);
}

TokenizerPtr SentencePiece(const char* folder, const char* family) {
  return LoadSentencePiece(std::filesystem::path("golden/models") / folder, family);
}

TokenizerPtr Json(const std::string& name) {
  return LoadTokenizerJson("golden/tokenizers/" + name + ".json");
}

constexpr GoldenTokenizer kTokenizers[] = {
    {"WordPieceUncased", [] { return WordPiece(/*is_uncased=*/true); }},
    {"WordPieceCased", [] { return WordPiece(/*is_uncased=*/false); }},
    {"BertJson", [] { return Json("bert"); }},
    {"MpnetJson", [] { return Json("mpnet"); }},
    {"Albert", [] { return SentencePiece("spm-albert", "albert"); }},
    {"AlbertCased", [] { return SentencePiece("spm-albert-cased", "albert"); }},
    {"XlmRoberta", [] { return SentencePiece("spm-xlm-roberta", "xlm-roberta"); }},
    {"Camembert", [] { return SentencePiece("spm-camembert", "camembert"); }},
    {"CamembertBpe", [] { return SentencePiece("spm-camembert-bpe", "camembert"); }},
    {"Deberta", [] { return SentencePiece("spm-deberta", "deberta-v2"); }},
    {"DebertaPunct", [] { return SentencePiece("spm-deberta-punct", "deberta-v2"); }},
    {"Roberta", []() -> TokenizerPtr { return LoadByteLevelBpe("golden/tokenizers/roberta"); }},
    {"RobertaPrefixJson", [] { return Json("roberta-prefix"); }},
    {"ModernbertJson", [] { return Json("modernbert"); }},
    {"AlbertJson", [] { return Json("albert"); }},
    {"DebertaJson", [] { return Json("deberta-v3"); }},
    {"XlmRobertaJson", [] { return Json("xlm-roberta"); }},
    {"CharacterBpeJson", [] { return Json("character-bpe"); }},
    {"PrefixBpeJson", [] { return Json("prefix-bpe"); }},
    {"FallbackBpeJson", [] { return Json("fallback-bpe"); }},
    {"OtherWordPieceJson", [] { return Json("wordpiece"); }},
};

bool IsBoundary(std::string_view text, std::size_t position) {
  return position == text.size() || !IsContinuationByte(text[position]);
}

}  // namespace

std::span<const GoldenTokenizer> GoldenTokenizers() {
  return kTokenizers;
}

TokenizerPtr MakeGoldenTokenizer(std::string_view name) {
  return std::ranges::find(kTokenizers, name, &GoldenTokenizer::name)->make();
}

std::string FindBreach(const Tokenizer& tokenizer, std::string_view text,
                       const Encoding& encoding) {
  if (encoding.ids.size() != encoding.spans.size()) {
    return "as many ids as spans";
  }
  ByteSpan previous;
  for (std::size_t i = 0; i < encoding.size(); ++i) {
    const ByteSpan span = encoding.spans[i];
    const std::string place = "token " + std::to_string(i) + " [" + std::to_string(span.begin) +
                              ", " + std::to_string(span.end) + "): ";
    if (encoding.ids[i] < 0 ||
        static_cast<std::size_t>(encoding.ids[i]) >= tokenizer.vocabulary_size()) {
      return place + "an id of the vocabulary";
    }
    if (span.begin >= span.end || span.end > text.size()) {
      return place + "a range of the text that is not empty";
    }
    if (!IsBoundary(text, span.begin) || !IsBoundary(text, span.end)) {
      return place + "on character boundaries";
    }
    if (span.begin < previous.begin || span.end < previous.end) {
      return place + "not before the token before it";
    }
    previous = span;
  }
  return "";
}

}  // namespace bertqa
