#include "text/sentencepiece_family.h"

#include <array>

#include "bertqa/error.h"

namespace bertqa::spm {
namespace {

// The rows follow the converters of the same names in transformers 4.57.6,
// convert_slow_tokenizer.py, and the defaults of the fast tokenizers' classes.

constexpr std::array<Step, 5> kAlbertSteps = {Step::kStraightQuotes, Step::kRemoveAccents,
                                              Step::kLowercase, Step::kCharsmap,
                                              Step::kCollapseSpaces};
constexpr std::array<Step, 5> kDebertaSteps = {Step::kLowercase, Step::kStrip, Step::kCharsmap,
                                               Step::kCollapseSpaces, Step::kIsolatePunctuation};
constexpr std::array<Step, 3> kRobertaSteps = {Step::kCharsmap, Step::kStripEnd,
                                               Step::kCollapseSpaces};

/// fairseq's dictionary begins with other pieces than the model file.
constexpr std::array<std::string_view, 4> kXlmRobertaLeading = {"<s>", "<pad>", "</s>", "<unk>"};
constexpr std::array<std::string_view, 5> kCamembertLeading = {"<s>NOTUSED", "<pad>", "</s>NOTUSED",
                                                               "<unk>", "<unk>NOTUSED"};

const std::array<Family, 4>& Families() {
  static const std::array<Family, 4> families = {{
      {.name = "albert",
       .class_stem = "AlbertTokenizer",
       .model_file = "spiece.model",
       .leading = {},
       .digit_comma_penalty = 100,
       .steps = kAlbertSteps,
       .lowercase = true,
       .keep_accents = false,
       .names = {"<unk>", "[CLS]", "[SEP]", "<pad>", "[MASK]"}},
      {.name = "xlm-roberta",
       .class_stem = "XLMRobertaTokenizer",
       .model_file = "sentencepiece.bpe.model",
       .leading = kXlmRobertaLeading,
       .skipped = 3,
       .has_own_ids = true,
       .steps = kRobertaSteps,
       .separators = 2,
       .context_segment = 0,
       .names = {"<unk>", "<s>", "</s>", "<pad>", "<mask>"}},
      {.name = "camembert",
       .class_stem = "CamembertTokenizer",
       .model_file = "sentencepiece.bpe.model",
       .leading = kCamembertLeading,
       .skipped = 1,
       .has_own_ids = true,
       .lowest_score = -100,
       .steps = kRobertaSteps,
       .separators = 2,
       .context_segment = 0,
       .names = {"<unk>", "<s>", "</s>", "<pad>", "<mask>"}},
      {.name = "deberta-v2",
       .class_stem = "DebertaV2Tokenizer",
       .model_file = "spm.model",
       .leading = {},
       .steps = kDebertaSteps,
       .names = {"[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"}},
  }};
  return families;
}

}  // namespace

const Family* FindFamily(std::string_view name) {
  for (const Family& family : Families()) {
    if (family.name == name) {
      return &family;
    }
  }
  return nullptr;
}

const Family& FamilyNamed(std::string_view name) {
  if (const Family* family = FindFamily(name)) {
    return *family;
  }
  std::string known;
  for (const Family& family : Families()) {
    known += (known.empty() ? "" : ", ") + std::string(family.name);
  }
  throw Error(ErrorCode::kUnsupported, "SentencePiece tokenizer: expected one of the families " +
                                           known + ", found \"" + std::string(name) + "\"");
}

}  // namespace bertqa::spm
