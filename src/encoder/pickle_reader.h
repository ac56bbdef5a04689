#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "encoder/pickle_value.h"

namespace bertqa {

/// No longer pickle is looked at: a model of 100 layers needs less than half a megabyte.
inline constexpr std::size_t kMaxPickleBytes = std::size_t{16} << 20U;

/// Reads a pickle as data. Only the opcodes that PyTorch's picklers write are known, and only these
/// globals: `torch._utils._rebuild_tensor_v2` and `_rebuild_parameter`, `torch.…Storage`,
/// `collections.OrderedDict`, TorchScript's list markers (`torch.jit._pickle.build_…list`,
/// `restore_type_tag`) and, as inert records, `__torch__…` classes. Nothing is imported, called or
/// compiled.
/// `place` begins the messages: "model.pt: data.pkl".
/// Throws Error{kMalformed}, or Error{kUnsupported} that names the global or the opcode.
PickleDocument ReadPickle(std::string_view bytes, const std::string& place);

/// The same for the first of several pickles that follow each other; takes it from `bytes`.
PickleDocument TakePickle(std::string_view& bytes, const std::string& place);

}  // namespace bertqa
