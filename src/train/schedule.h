#pragma once

#include <cstddef>

namespace bertqa {

/// A learning rate that rises linearly and then falls linearly to 0, as `get_linear_schedule_with_
/// warmup` of transformers gives it.
struct LinearSchedule {
  double peak = 0;
  std::size_t warmup_steps = 0;
  std::size_t total_steps = 0;

  /// Of the step with this index, from 0 on; the first is 0 if there is a warm-up.
  double RateAt(std::size_t step) const;
};

/// ceil(total_steps · warmup_ratio), as transformers' Trainer rounds.
LinearSchedule MakeSchedule(double peak, double warmup_ratio, std::size_t total_steps);

}  // namespace bertqa
