#include "encoder/torchscript_writer.h"

#include <ATen/ops/from_blob.h>
#include <c10/util/Exception.h>
#include <torch/csrc/jit/api/compilation_unit.h>
#include <torch/csrc/jit/api/module.h>

#include "bertqa/error.h"
#include "encoder/scalar_type.h"
#include "encoder/torchscript_source.h"

namespace bertqa {
namespace {

/// Modules nested as the dots in the tensors' names say.
class ModuleTree {
 public:
  ModuleTree() : unit_(std::make_shared<torch::jit::CompilationUnit>()), root_(NewModule()) {}

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
    return torch::jit::Module(c10::QualifiedName("__torch__.BertQuestionAnswering"), unit_,
                              /*shouldMangle=*/true);
  }

  torch::jit::Module Child(torch::jit::Module& parent, const std::string& name) {
    if (!parent.hasattr(name)) {
      parent.register_module(name, NewModule());
    }
    return parent.attr(name).toModule();
  }

  std::shared_ptr<torch::jit::CompilationUnit>
      unit_;  // shared by all modules, as TorchScript wants
  torch::jit::Module root_;
};

/// A graph multiplies tensors of one type only.
void RequireOneType(const Checkpoint& checkpoint, StoredPrecision precision) {
  const ExpectedTensor& first = checkpoint.tensors().front();
  for (const ExpectedTensor& tensor : checkpoint.tensors()) {
    const DType dtype = StoredAs(checkpoint.dtype(tensor.name), precision);
    const DType expected = StoredAs(checkpoint.dtype(first.name), precision);
    if (dtype != expected) {
      throw Error(ErrorCode::kUnsupported,
                  checkpoint.file().path().string() + ": tensor \"" + tensor.name +
                      "\" is of type " + std::string(NameOf(dtype)) + ", \"" + first.name +
                      "\" of type " + std::string(NameOf(expected)) +
                      "; a TorchScript archive needs one type: convert to half precision");
    }
  }
}

torch::jit::Module BuildModule(const Checkpoint& checkpoint, StoredPrecision precision) {
  ModuleTree tree;
  for (const ExpectedTensor& tensor : checkpoint.tensors()) {
    const TensorBytes data = ReadAs(checkpoint, tensor.name, precision);
    const std::vector<std::int64_t> sizes(tensor.shape.begin(), tensor.shape.end());
    tree.AddParameter(tensor.name,
                      at::from_blob(
                          const_cast<std::byte*>(data.bytes.data()), sizes,  // only read from
                          [owner = data.owner](void* /*data*/) {},
                          ScalarTypeOf(StoredAs(checkpoint.dtype(tensor.name), precision))));
  }
  tree.root().define(TorchScriptForward(checkpoint.config()));
  tree.root().eval();
  return tree.root();
}

}  // namespace

void WriteTorchScript(const Checkpoint& checkpoint, StoredPrecision precision,
                      const std::filesystem::path& path) {
  RequireOneType(checkpoint, precision);
  try {
    BuildModule(checkpoint, precision).save(path.string());
  } catch (const c10::Error& error) {
    const std::string message = error.what_without_backtrace();
    throw Error(ErrorCode::kUnwritable, path.string() + ": cannot write the archive: " +
                                            message.substr(0, message.find('\n')));
  }
}

}  // namespace bertqa
