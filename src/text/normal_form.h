#pragma once

#include "text/aligned_text.h"
#include "text/normalizers.h"

namespace bertqa {

/// The normal form of `text` (Unicode Standard Annex 15).
/// Origins as in `tokenizers`: each new character stands for a number of old ones, which are handed
/// out in their order; a character beyond the first that comes from the same old one shares the
/// origin of its predecessor, and a composed one has that of the first it is composed of.
AlignedText Normalize(AlignedText text, NormalForm form);

}  // namespace bertqa
