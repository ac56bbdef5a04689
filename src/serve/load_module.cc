#include "base/module_loader.h"
#include "serve/module_interface.h"

namespace bertqa {

const ServeModule& LoadServeModule() {
  static void* const symbol =
      LoadModuleSymbol({.file = kServeModuleName,
                        .symbol = kServeModuleSymbol,
                        .purpose = "speak HTTP",
                        .alternative = "",
                        .library = "libcpp-httplib and libprometheus-cpp-core",
                        .remedy = "Install bertqa with its folder lib/bertqa, and these"});
  static const ServeModule& module = *reinterpret_cast<ServeModuleFunction>(symbol)();
  return module;
}

}  // namespace bertqa
