#pragma once

namespace bertqa {

/// The non-linearity after a matrix product.
enum class Activation {
  kNone,
  kGelu,     ///< x · Φ(x), exact (erf): BERT, Devlin et al. 2019
  kGeluNew,  ///< the tanh approximation (Hendrycks & Gimpel 2016, section 2)
  kRelu,
};

}  // namespace bertqa
