#pragma once

#include <c10/core/InferenceMode.h>

namespace bertqa {

/// While it lives, ATen's operators on this thread compute on this thread alone and record nothing
/// for a backward pass. Work is shared between threads above the operators (TaskTeam), because an
/// operator that splits a reduction by the number of threads would make results depend on it.
class OperatorScope {
 public:
  OperatorScope();
  ~OperatorScope();
  OperatorScope(const OperatorScope&) = delete;
  OperatorScope& operator=(const OperatorScope&) = delete;

 private:
  c10::InferenceMode inference_mode_;
  int threads_before_;
};

}  // namespace bertqa
