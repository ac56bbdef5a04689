#pragma once

#include <map>
#include <string>

#include "train/trainer.h"

namespace bertqa {

/// What decides the weights of a run, by the name of its option: TrainProgress::conditions.
/// REQUIRES: the data, the base and the development file of `run` are read, its options chosen.
std::map<std::string, std::string> ConditionsOf(const TrainRun& run);

/// Throws Error{kUsage} that names the first condition in which `run` differs from its progress.
void RequireSameConditions(const TrainRun& run);

}  // namespace bertqa
