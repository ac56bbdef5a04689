#include "text/normal_form.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/utf8.h"
#include "text/unicode.h"

namespace bertqa {
namespace {

/// A character of the result, and how many old characters more than one (or less) it stands for:
/// `added` 1 is a character beyond the first of its source, -1 one that has swallowed another.
struct Change {
  char32_t code_point = 0;
  std::int32_t added = 0;
  std::uint8_t combining_class = 0;
};

void AppendDecomposed(char32_t code_point, bool compatibility, std::vector<Change>& changes) {
  std::int32_t added = 0;
  const auto append = [&](char32_t part) {
    changes.push_back({part, added, PropertiesOf(part).combining_class});
    added = 1;
  };
  const auto parts = compatibility ? DecomposeCompatibly(code_point) : std::span<const char32_t>();
  if (!parts.empty()) {
    std::ranges::for_each(parts, append);
  } else {
    std::ranges::for_each(Decompose(code_point), append);
  }
}

/// Canonical ordering. Runs of marks are short, but a text may be one long run: a stable sort.
void Reorder(std::vector<Change>& changes) {
  const auto is_starter = [](const Change& change) { return change.combining_class == 0; };
  for (auto begin = changes.begin(); begin != changes.end();) {
    begin = std::find_if_not(begin, changes.end(), is_starter);
    const auto end = std::find_if(begin, changes.end(), is_starter);
    std::stable_sort(begin, end, [](const Change& left, const Change& right) {
      return left.combining_class < right.combining_class;
    });
    begin = end;
  }
}

/// Canonical composition: a mark goes into the last starter unless one between them blocks it.
std::vector<Change> Composed(const std::vector<Change>& changes) {
  std::vector<Change> result;
  std::size_t starter = changes.size();  // its place in `result`; none yet
  for (const Change& change : changes) {
    if (starter < result.size()) {
      const bool is_adjacent = starter + 1 == result.size();
      const bool is_blocked =
          !is_adjacent && result.back().combining_class >= change.combining_class;
      const auto composed =
          is_blocked ? std::nullopt : Compose(result[starter].code_point, change.code_point);
      if (composed) {
        result[starter].code_point = *composed;
        result[starter].added += change.added - 1;
        continue;
      }
    }
    if (change.combining_class == 0) {
      starter = result.size();
    }
    result.push_back(change);
  }
  return result;
}

/// tokenizers, NormalizedString::transform_range.
AlignedText Align(const AlignedText& from, const std::vector<Change>& changes) {
  AlignedText result = AlignedText::EmptyLike(from);
  const std::string_view text = from.view();
  std::size_t position = 0;
  for (const Change& change : changes) {
    if (change.added > 0) {
      result.Append(change.code_point,
                    position == 0 ? FirstOrigin(from, 0) : LastOrigin(from, position));
      continue;
    }
    result.Append(change.code_point, FirstOrigin(from, position));
    for (std::int32_t count = change.added; count <= 0 && position < text.size(); ++count) {
      position += DecodeAt(text, position).size;
    }
  }
  return result;
}

bool IsAscii(std::string_view text) {
  return std::ranges::all_of(text, [](char byte) { return static_cast<signed char>(byte) >= 0; });
}

}  // namespace

AlignedText Normalize(AlignedText text, NormalForm form) {
  const std::string_view view = text.view();
  if (IsAscii(view)) {
    return text;  // in all four forms already
  }
  std::vector<Change> changes;
  changes.reserve(view.size());
  for (std::size_t position = 0; position < view.size();) {
    const CodePoint code_point = DecodeAt(view, position);
    AppendDecomposed(code_point.value, form.compatibility, changes);
    position += code_point.size;
  }
  Reorder(changes);
  return Align(text, form.compose ? Composed(changes) : changes);
}

}  // namespace bertqa
