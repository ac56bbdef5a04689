#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace bertqa::spm {

/// What a text goes through before the model sees it, in the order of the row.
enum class Step : std::uint8_t {
  kStraightQuotes,      ///< `` and '' become "
  kRemoveAccents,       ///< NFKD without marks; left out where the settings keep accents
  kLowercase,           ///< left out where the settings keep case
  kCharsmap,            ///< the character map of the model file
  kStrip,               ///< white space at both ends goes
  kStripEnd,            ///< white space at the end goes
  kCollapseSpaces,      ///< several spaces become one
  kIsolatePunctuation,  ///< only where the settings split by punctuation
};

/// The names of the tokens that have a job.
struct SpecialNames {
  std::string unknown;
  std::string cls;
  std::string sep;
  std::string pad;
  std::string mask;

  bool operator==(const SpecialNames&) const = default;
};

/// What differs between the users of SentencePiece: all of it.
struct Family {
  std::string_view name;        ///< `model_type` in config.json
  std::string_view class_stem;  ///< `tokenizer_class` is this, or this and "Fast"
  std::string_view model_file;

  /// Ids: these pieces come first, then those of the file from `skipped` on, then the mask token.
  std::span<const std::string_view> leading;
  std::size_t skipped = 0;
  bool has_own_ids = false;  ///< the unknown token is the one of `leading`; the mask token is last
  double lowest_score = 0;   ///< of the pieces that are not in the file
  double digit_comma_penalty = 0;  ///< taken off the score of a piece that ends in digit + comma

  std::span<const Step> steps;
  bool lowercase = false;       ///< default of `do_lower_case`
  bool keep_accents = true;     ///< default of `keep_accents`
  bool split_by_punct = false;  ///< default of `split_by_punct`

  std::size_t separators = 1;  ///< between question and context
  int context_segment = 1;
  SpecialNames names;
};

/// Null for another name.
const Family* FindFamily(std::string_view name);

/// Throws Error{kUnsupported} that lists the families, for another name.
const Family& FamilyNamed(std::string_view name);

}  // namespace bertqa::spm
