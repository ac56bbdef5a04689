#pragma once

#include <array>
#include <cstddef>
#include <type_traits>
#include <utility>

namespace bertqa {

/// What `choose` returns for 1, 2, … kRows rows, at place rows - 1: functions whose loops over rows
/// have a constant length. `choose` takes the number as a std::integral_constant.
template <std::size_t kRows, typename Choose>
constexpr auto TableByRows(const Choose& choose) {
  return [&]<std::size_t... Index>(std::index_sequence<Index...>) {
    return std::array{choose(std::integral_constant<std::size_t, Index + 1>())...};
  }(std::make_index_sequence<kRows>());
}

}  // namespace bertqa
