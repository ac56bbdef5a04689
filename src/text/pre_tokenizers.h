#pragma once

#include <memory>
#include <string>
#include <vector>

#include "text/aligned_text.h"
#include "text/pattern.h"

namespace bertqa {

/// A text in the pieces that the model sees one by one: ranges of its bytes, ascending, none empty.
struct SplitText {
  AlignedText text;
  std::vector<ByteSpan> pieces;
};

/// A step that cuts pieces, and may change them. Immutable: safe from several threads.
class PreTokenizer {
 public:
  virtual ~PreTokenizer() = default;
  virtual SplitText Apply(SplitText split) const = 0;
};

/// What becomes of a match that text is split at.
enum class SplitBehaviour {
  kRemoved,
  kIsolated,            ///< a piece of its own
  kMergedWithPrevious,  ///< the end of the piece before it
  kMergedWithNext,      ///< the beginning of the piece behind it
  kContiguous,          ///< neighbouring matches are one piece
};

/// White space is dropped, punctuation stands alone (BertPreTokenizer).
std::unique_ptr<PreTokenizer> MakeBertPreTokenizer();
/// Words \w+ and runs of what is neither \w nor white space.
std::unique_ptr<PreTokenizer> MakeWhitespacePreTokenizer();
std::unique_ptr<PreTokenizer> MakeWhitespaceSplit();
std::unique_ptr<PreTokenizer> MakePunctuationPreTokenizer(SplitBehaviour behaviour);
std::unique_ptr<PreTokenizer> MakeDigitsPreTokenizer(bool individual);
/// `invert`: what does not match is what is split at.
std::unique_ptr<PreTokenizer> MakeSplitPreTokenizer(Pattern pattern, SplitBehaviour behaviour,
                                                    bool invert);

/// GPT-2's pieces. The pieces stay text: a BpeModel with `byte_level` reads their bytes.
std::unique_ptr<PreTokenizer> MakeByteLevelPreTokenizer(bool add_prefix_space, bool use_regex);

/// When Metaspace puts its mark in front of a piece that does not begin with it.
enum class PrependScheme { kAlways, kFirst, kNever };

/// Spaces become `replacement` ("▁"), and a piece begins at each.
std::unique_ptr<PreTokenizer> MakeMetaspace(std::string replacement, PrependScheme scheme,
                                            bool split);

std::unique_ptr<PreTokenizer> MakePreTokenizerSequence(
    std::vector<std::unique_ptr<PreTokenizer>> steps);

}  // namespace bertqa
