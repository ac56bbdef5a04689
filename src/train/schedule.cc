#include "train/schedule.h"

#include <cmath>

namespace bertqa {

double LinearSchedule::RateAt(std::size_t step) const {
  if (step < warmup_steps) {
    return peak * static_cast<double>(step) / static_cast<double>(warmup_steps);
  }
  if (step >= total_steps) {
    return 0;
  }
  return peak * static_cast<double>(total_steps - step) /
         static_cast<double>(total_steps - warmup_steps);
}

LinearSchedule MakeSchedule(double peak, double warmup_ratio, std::size_t total_steps) {
  const auto warmup = std::ceil(static_cast<double>(total_steps) * warmup_ratio);
  return {peak, static_cast<std::size_t>(warmup), total_steps};
}

}  // namespace bertqa
