#pragma once

#include <filesystem>
#include <vector>

#include "autograd/engine.h"
#include "base/files.h"
#include "bertqa/eval.h"
#include "encoder/checkpoint.h"
#include "model/directory.h"
#include "train/trainer.h"

namespace bertqa {

/// Takes possession of a run's folder: creates it, or with `overwrite` removes what a run leaves
/// there, and nothing else. It is locked while what is returned lives.
/// Throws Error{kUsage} if it exists and neither `overwrite` nor `resume` is asked for, if there is
/// no checkpoint to resume from, or if another process trains into it; Error{kUnwritable}.
[[nodiscard]] Descriptor ClaimOutput(const TrainPaths& paths);

/// What ClaimOutput would refuse, before anything is read.
void CheckOutput(const TrainPaths& paths);

/// A checkpoint whose tensors are the engine's memory.
Checkpoint ViewWeights(const EncoderConfig& config, const std::vector<StateTensor>& state);

/// Writes the files of a model directory beside `output`'s and renames them into it.
void ReplaceModelFiles(const std::filesystem::path& base, const Checkpoint& weights,
                       const ModelNotes& notes, const std::filesystem::path& output);

/// What the new model's `bertqa.json` says: the licence is the base's, whether it may abstain is
/// what it was trained for, the rest is fitted on the development file (`report` is of it), or is
/// unfitted if there is none (`report` is null).
ModelNotes NotesOf(const TrainRun& run, const EvalReport* report);

}  // namespace bertqa
