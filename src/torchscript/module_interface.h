#pragma once

#include <cstddef>
#include <cstdint>

/// What crosses between the program and `libbertqa_torchscript.so`, which is loaded when an archive
/// is written: plain C, so that no exception and no type of libtorch crosses it.
namespace bertqa {

/// Of a tensor's elements, little-endian.
enum class ArchiveType : std::int32_t { kFloat32 = 0, kFloat16 = 1, kBFloat16 = 2 };

struct ArchiveTensor {
  const char* name;  ///< "bert.encoder.layer.0.output.dense.weight": the dots nest modules
  const void* data;  ///< row-major; only read
  const std::int64_t* sizes;
  std::size_t rank;
  ArchiveType type;
};

/// All of it is the caller's and must live until the call returns.
struct ArchiveRequest {
  const char* path;        ///< written in place
  const char* class_name;  ///< of the modules: "__torch__.BertQuestionAnswering"
  const char* forward;     ///< TorchScript's text of the root's method
  const ArchiveTensor* tensors;
  std::size_t tensor_count;
};

/// Writes the archive. Returns 0, or not 0 with what went wrong in `message` (`message_bytes` with
/// the final NUL; cut if it is longer).
using WriteArchiveFunction = std::int32_t (*)(const ArchiveRequest* request, char* message,
                                              std::size_t message_bytes) noexcept;

/// The module's one symbol. The number grows when anything above changes, so that a module of
/// another version is refused instead of misread.
inline constexpr const char* kWriteArchiveSymbol = "bertqa_write_archive_1";

inline constexpr const char* kTorchScriptModuleName = "libbertqa_torchscript.so";

}  // namespace bertqa
