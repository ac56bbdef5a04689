#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "kernels/highway_table.h"
#include "kernels/isa.h"

namespace bertqa {

/// What `choose` (see ChooseForIsa) returns for each supported instruction set.
template <typename Table>
class IsaTable {
 public:
  template <typename Choose>
  explicit IsaTable(const Choose& choose) {
    for (const Isa isa : SupportedIsas()) {
      tables_.push_back(ChooseForIsa(isa, choose));
    }
  }

  /// REQUIRES: `isa` is one of SupportedIsas().
  const Table& For(Isa isa) const {
    const std::vector<Isa>& isas = SupportedIsas();
    const auto place = std::find(isas.begin(), isas.end(), isa) - isas.begin();
    return tables_.at(static_cast<std::size_t>(place));
  }

 private:
  std::vector<Table> tables_;
};

}  // namespace bertqa
