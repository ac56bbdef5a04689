// Which tokens a row of attention_float.cc sees, for each instruction set. See vector_math-inl.h.
#if defined(BERTQA_ATTENTION_SEEN_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BERTQA_ATTENTION_SEEN_INL_H_
#undef BERTQA_ATTENTION_SEEN_INL_H_
#else
#define BERTQA_ATTENTION_SEEN_INL_H_
#endif

#include <algorithm>
#include <cstddef>

#include "kernels/vector_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace bertqa {
namespace HWY_NAMESPACE {
namespace {

using Mask = hn::Mask<Floats>;

/// The lanes of a vector before `count`, whatever that is.
HWY_INLINE Mask LanesBefore(std::ptrdiff_t count) {
  constexpr auto kAll = static_cast<std::ptrdiff_t>(kLanes);
  return hn::FirstN(kFloats, static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(count, 0, kAll)));
}

// Which of a panel's tokens a row sees: Lanes(row, begin) are those of the vector that begins at
// token `begin` of the panel.

struct SeesAll {
  static constexpr bool kIsAll = true;
};

/// Those that exist.
struct SeesFirst {
  static constexpr bool kIsAll = false;
  std::ptrdiff_t count;

  HWY_INLINE Mask Lanes(std::size_t /*row*/, std::size_t begin) const {
    return LanesBefore(count - static_cast<std::ptrdiff_t>(begin));
  }
};

/// Those within reach, see AttentionTokens::seen_begin.
struct SeesBand {
  static constexpr bool kIsAll = false;
  std::ptrdiff_t begin;
  std::ptrdiff_t end;
  std::ptrdiff_t count;

  HWY_INLINE Mask Lanes(std::size_t row, std::size_t begin_lane) const {
    const auto step = static_cast<std::ptrdiff_t>(row);
    const auto lane = static_cast<std::ptrdiff_t>(begin_lane);
    return hn::AndNot(LanesBefore(begin + step - lane),
                      LanesBefore(std::min(end + step, count) - lane));
  }
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace bertqa
HWY_AFTER_NAMESPACE();

#endif  // include guard for each instruction set
