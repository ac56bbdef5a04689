#include "text/sentencepiece_vocabulary.h"

#include <algorithm>
#include <string>

#include "base/utf8.h"
#include "bertqa/error.h"
#include "text/sentencepiece_unicode.h"

namespace bertqa::spm {
namespace {

/// transformers 4.57.6, convert_slow_tokenizer.py, `check_number_comma`: BERT's authors found that
/// "9," as one piece hides numbers.
bool EndsInDigitComma(std::string_view piece) {
  if (piece.size() < 2 || piece.back() != ',') {
    return false;
  }
  piece.remove_suffix(1);
  std::size_t last = piece.size() - 1;
  while (IsContinuationByte(piece[last])) {
    --last;
  }
  return IsDecimalDigit(DecodeAt(piece, last).value);
}

void AppendFilePieces(const ModelFile& file, const Family& family, Vocabulary& vocabulary) {
  for (std::size_t row = family.skipped; row < file.pieces.size(); ++row) {
    const FilePiece& piece = file.pieces[row];
    double score = piece.score;
    if (family.digit_comma_penalty > 0 && EndsInDigitComma(piece.text)) {
      score -= family.digit_comma_penalty;
    }
    const auto id = static_cast<TokenId>(vocabulary.pieces.size());
    vocabulary.pieces.push_back(piece.text);
    vocabulary.lowest_score = std::min(vocabulary.lowest_score, score);
    if (piece.matches_text()) {
      vocabulary.matching.push_back({piece.text, score, id});
    }
  }
}

/// Of several pieces of the name the last one counts.
TokenId FindOrAppend(std::string_view piece, Vocabulary& vocabulary) {
  const auto found = std::find(vocabulary.pieces.rbegin(), vocabulary.pieces.rend(), piece);
  if (found != vocabulary.pieces.rend()) {
    return static_cast<TokenId>(vocabulary.pieces.rend() - found - 1);
  }
  vocabulary.pieces.push_back(piece);
  return static_cast<TokenId>(vocabulary.pieces.size() - 1);
}

}  // namespace

Vocabulary MakeVocabulary(const ModelFile& file, const Family& family, const Settings& settings,
                          const std::string& name) {
  if (file.pieces.size() <= family.skipped) {
    throw Error(ErrorCode::kMalformed, name + ": expected more than " +
                                           std::to_string(family.skipped) + " pieces, found " +
                                           std::to_string(file.pieces.size()));
  }
  Vocabulary vocabulary;
  vocabulary.pieces.assign(family.leading.begin(), family.leading.end());
  vocabulary.lowest_score = family.lowest_score;
  AppendFilePieces(file, family, vocabulary);
  if (family.has_own_ids) {
    FindOrAppend(family.names.mask, vocabulary);
  }
  // The order of `all_special_tokens`: begin and end of a text are the first two.
  vocabulary.cls_id = FindOrAppend(settings.names.cls, vocabulary);
  vocabulary.sep_id = FindOrAppend(settings.names.sep, vocabulary);
  FindOrAppend(settings.names.unknown, vocabulary);
  FindOrAppend(settings.names.pad, vocabulary);
  FindOrAppend(settings.names.mask, vocabulary);
  vocabulary.unknown_id =
      family.has_own_ids
          ? static_cast<TokenId>(
                std::find(family.leading.begin(), family.leading.end(), family.names.unknown) -
                family.leading.begin())
          : static_cast<TokenId>(file.unknown_id);
  return vocabulary;
}

}  // namespace bertqa::spm
