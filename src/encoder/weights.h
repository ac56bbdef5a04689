#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "encoder/dtype.h"

namespace bertqa {

using Shape = std::vector<std::size_t>;

/// "[384, 384]"
std::string ToString(const Shape& shape);

/// The product of the sizes; 1 for a scalar.
std::size_t ElementCount(const Shape& shape);

/// A tensor by name, as a weights file lists it.
struct TensorEntry {
  std::string name;
  DType dtype = DType::kFloat32;
  Shape shape;
  bool is_alias = false;  ///< another name for a tensor of the file, which lists it too
};

/// The elements of one tensor: row-major, little-endian, in the stored type.
struct TensorBytes {
  std::span<const std::byte> bytes;
  /// Keeps `bytes` alive: shared by every tensor that lies in the same file mapping, and by what
  /// was made of them.
  std::shared_ptr<const void> owner;
};

/// `data` at an address of which the size of `dtype` is a divisor: itself, or a copy. Neither the
/// formats nor those who write them promise it.
TensorBytes Aligned(TensorBytes data, DType dtype);

/// Elements of float64 as float32, to nearest; what is too large becomes infinity, as in PyTorch.
/// REQUIRES: `doubles` is Aligned.
TensorBytes RoundFloat64(const TensorBytes& doubles);

/// A file of named tensors that was checked when it was opened: every entry lies inside the file.
/// Tensors are read one at a time, so that no more than one is held twice.
class WeightsFile {
 public:
  virtual ~WeightsFile() = default;

  /// In the file's order; names are unique.
  virtual const std::vector<TensorEntry>& entries() const = 0;

  /// REQUIRES: entry_index < entries().size(). Throws Error{kMalformed} if the tensor's data is
  /// damaged.
  virtual TensorBytes Read(std::size_t entry_index) const = 0;

  virtual const std::filesystem::path& path() const = 0;

 protected:
  /// Throws Error{kMalformed}: "<path>: <what>".
  [[noreturn]] void Fail(const std::string& what) const;
};

}  // namespace bertqa
