#pragma once

#include "base/fingerprint.h"
#include "train/training_set.h"

namespace bertqa {

/// Everything that a training set gives to a step.
void AddTrainingSet(Fingerprint& fingerprint, const TrainingSet& set);

}  // namespace bertqa
