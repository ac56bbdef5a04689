// libbertqa_autograd.so: training's part with libtorch, loaded when a model is trained.

#include <ATen/Context.h>
#include <c10/util/Exception.h>
#include <dlfcn.h>

#include <string>

#include "autograd/torch_engine.h"
#include "bertqa/error.h"

namespace bertqa {
namespace {

/// Runs `work`; libtorch's errors become ours.
template <class Work>
auto Guarded(const Work& work) {
  try {
    return work();
  } catch (const c10::Error& error) {
    const std::string text = error.what_without_backtrace();
    throw Error(ErrorCode::kInternal, "libtorch: " + text.substr(0, text.find('\n')));
  }
}

/// Keeps libtorch's exceptions on this side.
class GuardedEngine : public TrainingEngine {
 public:
  explicit GuardedEngine(const EngineOptions& options) : engine_(options) {}

  const std::vector<StateTensor>& state() override { return engine_.state(); }
  void Upload() override {
    Guarded([&] { engine_.Upload(); });
  }
  void Download() override {
    Guarded([&] { engine_.Download(); });
  }
  StepResult Step(const StepInput& input) override {
    return Guarded([&] { return engine_.Step(input); });
  }

 private:
  TorchEngine engine_;
};

/// Loads what computes on CUDA, if this libtorch has it: the module is not linked with it, so that
/// training on the CPU works where its many libraries are missing. Returns why it cannot be loaded.
const std::string& LoadDeviceLibrary() {
  static const std::string problem = [] {
    const std::string name = BERTQA_DEVICE_LIBRARY;
    const bool is_loaded =
        name.empty() || ::dlopen(name.c_str(), RTLD_NOW | RTLD_GLOBAL) != nullptr;
    return is_loaded ? std::string() : std::string(::dlerror());
  }();
  return problem;
}

bool HasDevice(const char* device) {
  if (std::string(device) == "cuda") {
    return LoadDeviceLibrary().empty() && at::hasCUDA();
  }
  return std::string(device) == "cpu";
}

std::unique_ptr<TrainingEngine> MakeEngine(const EngineOptions& options) {
  if (!HasDevice(options.device.c_str())) {
    throw Error(ErrorCode::kUsage,
                "--device " + options.device + ": this libtorch finds no such device here" +
                    (LoadDeviceLibrary().empty() ? "" : " (" + LoadDeviceLibrary() + ")"));
  }
  return Guarded([&] { return std::make_unique<GuardedEngine>(options); });
}

}  // namespace
}  // namespace bertqa

extern "C" __attribute__((visibility("default"))) const bertqa::AutogradModule*
bertqa_autograd_1() noexcept {
  static const bertqa::AutogradModule module = {.make_engine = &bertqa::MakeEngine,
                                                .has_device = &bertqa::HasDevice};
  return &module;
}
