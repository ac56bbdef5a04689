#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "bertqa/tokenizer.h"
#include "text/basic_tokenizer.h"
#include "text/tokenizer_config.h"
#include "text/vocabulary.h"

namespace bertqa {

/// A word of more characters is one unknown token (tokenizers' WordPiece,
/// `max_input_chars_per_word`; google-research/bert says 200).
inline constexpr std::size_t kMaxWordCharacters = 100;

/// Greedy longest-match-first subwords (Devlin et al. 2019, section 3; Wu et al. 2016, section 4.1)
/// with ids and offsets of Hugging Face `tokenizers`, as BertTokenizerFast sets it up.
class WordPieceTokenizer : public Tokenizer {
 public:
  /// `name` is what messages call the vocabulary.
  /// Throws Error{kMalformed} if the unknown, [CLS] or [SEP] token is not in the vocabulary.
  WordPieceTokenizer(Vocabulary vocabulary, const WordPieceConfig& config, const std::string& name);

  Encoding Encode(std::string_view text) const override;
  std::size_t vocabulary_size() const override { return vocabulary_.size(); }
  std::string_view Piece(TokenId id) const override { return vocabulary_.Piece(id); }
  const PairTemplate& pair_template() const override { return pair_template_; }

 private:
  Vocabulary vocabulary_;
  BasicTokenizerOptions options_;
  TokenId unknown_id_ = 0;
  PairTemplate pair_template_;
};

/// Reads a vocabulary file, one token a line. Throws Error{kUnreadable, kMalformed, kBadUtf8}
/// "<file>:LINE: …".
std::unique_ptr<Tokenizer> LoadWordPiece(const std::filesystem::path& vocab_file,
                                         const WordPieceConfig& config);

/// The same from a list of tokens, none of which may hold a line break.
std::unique_ptr<Tokenizer> MakeWordPiece(const std::vector<std::string>& vocabulary,
                                         const WordPieceConfig& config);

}  // namespace bertqa
