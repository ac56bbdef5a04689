#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace bertqa {

/// How question and context become one input.
enum class PairLayout {
  kBert,   ///< [CLS] question [SEP] context [SEP]
  kMpnet,  ///< <s> question </s> </s> context </s>
};

/// How a WordPiece tokenizer treats text. The defaults are those of BERT (uncased).
struct WordPieceConfig {
  bool lowercase = true;
  std::optional<bool> strip_accents;  ///< nothing: as `lowercase`
  bool tokenize_chinese_chars = true;
  std::string unk_token = "[UNK]";
  std::string cls_token = "[CLS]";
  std::string sep_token = "[SEP]";
  std::string pad_token = "[PAD]";
  std::string mask_token = "[MASK]";
  PairLayout layout = PairLayout::kBert;

  bool operator==(const WordPieceConfig&) const = default;
};

/// Reads `tokenizer_config.json`; a setting that is absent there comes from the BertNormalizer in
/// `tokenizer.json`; one absent in both, or without a file, is BERT's default.
/// `layout` decides the names of special tokens that no file gives.
/// Throws Error{kMalformed} that names the file and the key (bad JSON, wrong type),
/// Error{kUnsupported} for the normalizer of another kind of tokenizer.
WordPieceConfig ReadTokenizerConfig(const std::filesystem::path& model_directory,
                                    PairLayout layout = PairLayout::kBert);

/// BERT's settings, or MPNet's.
WordPieceConfig DefaultWordPieceConfig(PairLayout layout);

}  // namespace bertqa
