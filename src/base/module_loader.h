#pragma once

namespace bertqa {

/// A module that is loaded when it is needed, as is with it the library that it wraps.
struct ModuleName {
  const char* file = "";    ///< "libbertqa_torchscript.so"
  const char* symbol = "";  ///< its one function; the name holds the version of its interface
  /// For the message if it is not there: "needed to <purpose>, as is <library>" and
  /// "<remedy><alternative>".
  const char* purpose = "";      ///< "write a TorchScript archive"
  const char* alternative = "";  ///< ", or write safetensors"; may be empty
  const char* library = "libtorch";
  const char* remedy = "Install bertqa with libtorch (-DBERTQA_WITH_TORCH=ON)";
};

/// Loads a module beside this program or library and gives its function; the module stays loaded.
/// It is looked for in `bertqa/` beside the library and in `../lib/bertqa/` beside the program.
/// Throws Error{kUnsupported} that says where it was looked for, or what it lacks.
void* LoadModuleSymbol(const ModuleName& module);

}  // namespace bertqa
