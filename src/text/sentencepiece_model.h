#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "bertqa/tokenizer.h"
#include "text/sentencepiece_file.h"

namespace bertqa::spm {

/// A piece of a word: its id and its bytes [begin, end) in the word.
struct Segment {
  TokenId id = 0;
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// A row of the vocabulary as the model sees it: ids are the tokenizer's, not the file's.
struct ScoredPiece {
  std::string_view text;
  double score = 0;
  TokenId id = 0;
};

/// Cuts words into pieces. Immutable after construction: safe from several threads at once.
class PieceModel {
 public:
  virtual ~PieceModel() = default;

  /// Replaces `segments` by the pieces of `word`; neighbours that are unknown are one segment.
  /// REQUIRES: valid UTF-8.
  virtual void Split(std::string_view word, std::vector<Segment>& segments) const = 0;
};

/// The most probable segmentation under a unigram language model (Kudo 2018, section 3.2), by the
/// Viterbi algorithm, with the sums and the ties of `tokenizers` (models/unigram): double
/// precision, the first best predecessor stays; an unknown character costs `lowest_score` - 10.
/// Needs the views of `pieces` during construction only.
std::unique_ptr<PieceModel> MakeUnigram(const std::vector<ScoredPiece>& pieces, TokenId unknown_id,
                                        double lowest_score);

/// Byte-pair merges (Sennrich et al. 2016) in the order of the pieces' scores, as
/// transformers' `generate_merges` and `tokenizers` (models/bpe) have them.
std::unique_ptr<PieceModel> MakeBpe(const std::vector<ScoredPiece>& pieces, TokenId unknown_id);

}  // namespace bertqa::spm
