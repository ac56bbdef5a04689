#pragma once

namespace bertqa {

/// What becomes of the sums of a matrix product: mostly a non-linearity.
enum class Activation {
  kNone,
  kGelu,     ///< x · Φ(x), exact (erf): BERT, Devlin et al. 2019
  kGeluNew,  ///< the tanh approximation (Hendrycks & Gimpel 2016, section 2)
  kRelu,
  kTanh,
  /// None: a gate (Dauphin et al. 2017), which is multiplied into what the output already holds.
  kGate,
};

}  // namespace bertqa
