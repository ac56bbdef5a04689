// libbertqa_torchscript.so: the only code that is compiled with libtorch.

#include <ATen/ops/from_blob.h>
#include <c10/util/Exception.h>
#include <torch/csrc/jit/api/compilation_unit.h>
#include <torch/csrc/jit/api/module.h>

#include <cstdio>
#include <string>

#include "torchscript/module_interface.h"

namespace bertqa {
namespace {

c10::ScalarType ScalarTypeOf(ArchiveType type) {
  switch (type) {
    case ArchiveType::kFloat16:
      return c10::kHalf;
    case ArchiveType::kBFloat16:
      return c10::kBFloat16;
    case ArchiveType::kFloat32:
      break;
  }
  return c10::kFloat;
}

/// Modules nested as the dots in the tensors' names say.
class ModuleTree {
 public:
  explicit ModuleTree(const char* class_name)
      : class_name_(class_name),
        unit_(std::make_shared<torch::jit::CompilationUnit>()),
        root_(NewModule()) {}

  void AddParameter(const std::string& name, const at::Tensor& tensor) {
    torch::jit::Module module = root_;
    std::size_t begin = 0;
    for (std::size_t dot = name.find('.'); dot != std::string::npos; dot = name.find('.', begin)) {
      module = Child(module, name.substr(begin, dot - begin));
      begin = dot + 1;
    }
    module.register_parameter(name.substr(begin), tensor, /*is_buffer=*/false);
  }

  torch::jit::Module& root() { return root_; }

 private:
  torch::jit::Module NewModule() {
    return torch::jit::Module(class_name_, unit_, /*shouldMangle=*/true);
  }

  torch::jit::Module Child(torch::jit::Module& parent, const std::string& name) {
    if (!parent.hasattr(name)) {
      parent.register_module(name, NewModule());
    }
    return parent.attr(name).toModule();
  }

  c10::QualifiedName class_name_;
  std::shared_ptr<torch::jit::CompilationUnit>
      unit_;  // shared by all modules, as TorchScript wants
  torch::jit::Module root_;
};

void Write(const ArchiveRequest& request) {
  ModuleTree tree(request.class_name);
  for (std::size_t index = 0; index < request.tensor_count; ++index) {
    const ArchiveTensor& tensor = request.tensors[index];
    tree.AddParameter(tensor.name,
                      at::from_blob(const_cast<void*>(tensor.data), {tensor.sizes, tensor.rank},
                                    ScalarTypeOf(tensor.type)));
  }
  tree.root().define(request.forward);
  tree.root().eval();
  tree.root().save(request.path);
}

std::int32_t Fail(const std::string& why, char* message, std::size_t message_bytes) noexcept {
  std::snprintf(message, message_bytes, "%s", why.substr(0, why.find('\n')).c_str());
  return 1;
}

}  // namespace
}  // namespace bertqa

extern "C" __attribute__((visibility("default"))) std::int32_t bertqa_write_archive_1(
    const bertqa::ArchiveRequest* request, char* message, std::size_t message_bytes) noexcept {
  try {
    bertqa::Write(*request);
    return 0;
  } catch (const c10::Error& error) {
    return bertqa::Fail(error.what_without_backtrace(), message, message_bytes);
  } catch (const std::exception& error) {
    return bertqa::Fail(error.what(), message, message_bytes);
  } catch (...) {
    return bertqa::Fail("libtorch failed", message, message_bytes);
  }
}
