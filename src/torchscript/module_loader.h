#pragma once

#include "torchscript/module_interface.h"

namespace bertqa {

/// Loads libtorch's module beside this program or library, the first time, and keeps it. It is
/// looked for in `bertqa/` beside the library and in `../lib/bertqa/` beside the program.
/// Throws Error{kUnsupported} that says where it was looked for, or what it lacks.
WriteArchiveFunction LoadTorchScriptModule();

}  // namespace bertqa
