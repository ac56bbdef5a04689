#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "bertqa/inspect.h"

namespace bertqa {

/// A decode's answer as indices into Inspection::tokens, both inclusive.
struct MarkedTokens {
  std::size_t first = 0;
  std::size_t last = 0;

  bool operator==(const MarkedTokens&) const = default;
};

/// Where the two decodes of an inspection point, for those who draw it.
struct DecodeMarks {
  /// The joint decode's best span, also where the null term beat it.
  std::optional<MarkedTokens> joint;
  std::optional<MarkedTokens> independent;
  /// Where the independent decode crossed: `first` has the highest start of the tokens listed and
  /// `last` the highest end.
  std::optional<MarkedTokens> crossed;

  bool IsNear(std::size_t token_index, std::size_t distance) const;
};

DecodeMarks FindDecodeMarks(const Inspection& inspection);

/// True unless both decodes give the same span, or neither gives one.
bool DecodesDiffer(const Inspection& inspection);

}  // namespace bertqa
