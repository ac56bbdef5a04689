#pragma once

#include <hwy/highway.h>

#include <mutex>

#include "kernels/isa.h"

namespace bertqa {

inline std::mutex highway_mutex;

/// Runs `choose`, in which HWY_DYNAMIC_DISPATCH takes the version for `isa`, and returns what it
/// returns: a table of functions, which the caller keeps. Highway's own choice is for the whole
/// process, so this is done once for each table.
/// HWY_EXPORT(GetTable) and `ChooseForIsa(isa, [] { return HWY_DYNAMIC_DISPATCH(GetTable)(); })`.
template <typename Choose>
auto ChooseForIsa(Isa isa, const Choose& choose) {
  const std::scoped_lock lock(highway_mutex);
  hwy::SetSupportedTargetsForTest(HighwayTargets(isa) & hwy::SupportedTargets());
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  const auto table = choose();
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  return table;
}

}  // namespace bertqa
