#include "encoder/operator_scope.h"

#include <ATen/Parallel.h>

namespace bertqa {

// at::set_num_threads sets OpenMP's and MKL's number for the calling thread only.
OperatorScope::OperatorScope() : threads_before_(at::get_num_threads()) {
  if (threads_before_ != 1) {
    at::set_num_threads(1);
  }
}

OperatorScope::~OperatorScope() {
  if (threads_before_ != 1) {
    at::set_num_threads(threads_before_);
  }
}

}  // namespace bertqa
