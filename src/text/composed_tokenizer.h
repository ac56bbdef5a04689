#pragma once

#include <memory>

#include "bertqa/tokenizer.h"
#include "text/added_tokens.h"
#include "text/normalizers.h"
#include "text/piece_table.h"
#include "text/pre_tokenizers.h"
#include "text/subword_model.h"

namespace bertqa {

/// What a ComposedTokenizer is made of.
struct TokenizerParts {
  std::shared_ptr<const PieceTable> pieces;
  AddedTokenFinder raw_tokens{{}};              ///< looked for in the text as it comes
  AddedTokenFinder normalized_tokens{{}};       ///< looked for in normalized text
  std::unique_ptr<Normalizer> normalizer;       ///< none: text stays as it is
  std::unique_ptr<PreTokenizer> pre_tokenizer;  ///< none: the model sees all at once
  std::unique_ptr<SubwordModel> model;
  PairTemplate pair;
};

/// A tokenizer put together as Hugging Face's `tokenizers` puts one together: added tokens,
/// normalizer, pre-tokenizer, model, template; ids are equal, spans are but for what
/// docs/tokenizer.md says (white space at the ends of a token is no part of its span).
class ComposedTokenizer : public Tokenizer {
 public:
  explicit ComposedTokenizer(TokenizerParts parts) : parts_(std::move(parts)) {}

  Encoding Encode(std::string_view text) const override;
  std::size_t vocabulary_size() const override { return parts_.pieces->size(); }
  std::string_view Piece(TokenId id) const override { return parts_.pieces->Piece(id); }
  const PairTemplate& pair_template() const override { return parts_.pair; }

 private:
  class Writer;

  void EncodePart(std::string_view text, ByteSpan part, Writer& writer) const;
  void EncodeNormalized(AlignedText text, Writer& writer) const;

  TokenizerParts parts_;
};

}  // namespace bertqa
