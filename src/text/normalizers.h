#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/aligned_text.h"
#include "text/basic_tokenizer.h"
#include "text/pattern.h"

namespace bertqa {

/// A step that changes text before it is cut. Every character that it makes keeps the bytes of the
/// original that the normalizers of Hugging Face `tokenizers` give it (docs/tokenizer.md).
/// Immutable: safe from several threads. Time is linear in the text.
class Normalizer {
 public:
  virtual ~Normalizer() = default;
  virtual AlignedText Apply(AlignedText text) const = 0;
};

/// Which of the four normal forms.
struct NormalForm {
  bool compatibility = false;  ///< NFKC and NFKD
  bool compose = false;        ///< NFC and NFKC
};

std::unique_ptr<Normalizer> MakeNormalForm(NormalForm form);
/// BERT's cleaning and white space (if `clean_text`), and the steps of the options.
std::unique_ptr<Normalizer> MakeBertNormalizer(const BasicTokenizerOptions& options,
                                               bool clean_text);
std::unique_ptr<Normalizer> MakeLowercase();
/// Drops all combining marks; it does not decompose.
std::unique_ptr<Normalizer> MakeStripAccents();
std::unique_ptr<Normalizer> MakeStrip(bool left, bool right);
/// `content` comes from the last character that it replaces.
std::unique_ptr<Normalizer> MakeReplace(Pattern pattern, std::string content);
/// Of a text that is not empty; what is prepended comes from the first character.
std::unique_ptr<Normalizer> MakePrepend(std::string text);
std::unique_ptr<Normalizer> MakeNormalizerSequence(std::vector<std::unique_ptr<Normalizer>> steps);

}  // namespace bertqa
