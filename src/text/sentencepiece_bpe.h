#pragma once

#include <memory>
#include <vector>

#include "text/subword_model.h"

namespace bertqa::spm {

/// Byte-pair merges (Sennrich et al. 2016) in the order of the pieces' scores, as
/// transformers' `generate_merges` and `tokenizers` (models/bpe) have them. Neighbours that are
/// unknown are one token. Needs the views of `pieces` during construction only.
/// A model of its own beside BpeModel: there a merge is a line of a file, here every way to cut a
/// piece in two is one, so that several make the same piece.
std::unique_ptr<SubwordModel> MakeBpe(const std::vector<ScoredPiece>& pieces, TokenId unknown_id);

}  // namespace bertqa::spm
