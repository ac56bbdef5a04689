// The encoder against the TorchScript graph of the same weights, run by libtorch.

#include <ATen/Functions.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/csrc/jit/serialization/import.h>

#include "encoder/fixtures.h"
#include "encoder/qa_encoder.h"
#include "torchscript/torchscript_writer.h"

namespace bertqa {
namespace {

constexpr float kTolerance = 1e-4F;

at::Tensor AsRow(const std::vector<std::int32_t>& values) {
  return at::tensor(std::vector<std::int64_t>(values.begin(), values.end())).unsqueeze(0);
}

std::vector<float> AsVector(const at::Tensor& row) {
  const at::Tensor flat = row.to(at::kFloat).contiguous();
  return {flat.const_data_ptr<float>(), flat.const_data_ptr<float>() + flat.numel()};
}

/// What the graph says of a batch of one window.
SpanLogits RunGraph(torch::jit::Module& graph, const PackedBatch& window) {
  const c10::InferenceMode guard;
  const at::Tensor ids = AsRow(window.ids);
  const auto output =
      graph.forward({ids, at::ones_like(ids), AsRow(window.segments)}).toTuple()->elements();
  return {.start = AsVector(output[0].toTensor()), .end = AsVector(output[1].toTensor())};
}

torch::jit::Module LoadGraph(const std::filesystem::path& path) {
  torch::jit::setGraphExecutorOptimize(false);  // else each new shape is compiled, for seconds
  torch::jit::Module graph = torch::jit::load(path.string());
  for (at::Tensor parameter : graph.parameters()) {  // graph.to() would turn index buffers too
    parameter.set_data(parameter.to(at::kFloat));
  }
  graph.eval();
  return graph;
}

TEST(TorchScriptLogitsTest, BundledGraphGivesTheSame) {
  torch::jit::Module graph = LoadGraph(std::filesystem::path(kBundledModel) / "model.pt");
  const Checkpoint checkpoint = OpenBundled();
  const auto model = BuildQaEncoder(checkpoint, {Precision::kFloat32, SupportedIsas().back()}, 2);
  const PackedBatch batch = RandomBatch(checkpoint.config(), {1, 9, 64, 65, 200, 512}, 7);
  const SpanLogits logits = model->Forward(batch, 2);
  for (std::size_t window = 0; window < batch.window_count(); ++window) {
    const auto slice = [&](const std::vector<float>& all) {
      return std::vector<float>(
          all.begin() + static_cast<std::ptrdiff_t>(batch.offsets[window]),
          all.begin() + static_cast<std::ptrdiff_t>(batch.offsets[window + 1]));
    };
    EXPECT_LE(LargestDifference(RunGraph(graph, OneWindow(batch, window)),
                                {.start = slice(logits.start), .end = slice(logits.end)}),
              kTolerance)
        << "window " << window;
  }
}

// Random shapes, each with its own graph: the exported archive runs, and agrees with the encoder.
TEST(TorchScriptLogitsTest, ExportedGraphsOfRandomShapesGiveTheSame) {
  const TemporaryFolder folder;
  for (unsigned seed = 1; seed <= 6; ++seed) {
    const std::size_t heads = 1 + seed % 4;
    EncoderConfig config{.vocabulary_size = 50 + seed,
                         .hidden_size = heads * (3 + 2 * seed),
                         .layers = 1 + seed % 3,
                         .attention_heads = heads,
                         .intermediate_size = 7 * seed,
                         .max_positions = 65 + seed};
    config.activation = static_cast<Activation>(1 + seed % 3);
    const Checkpoint checkpoint = RandomCheckpoint(config, seed);
    WriteTorchScript(checkpoint, StoredPrecision::kAsIs, folder.path() / "model.pt");
    torch::jit::Module graph = LoadGraph(folder.path() / "model.pt");
    const auto model = BuildQaEncoder(checkpoint, {Precision::kFloat32, SupportedIsas().back()}, 1);
    for (const std::size_t length : {std::size_t{1}, std::size_t{2}, config.max_positions}) {
      const PackedBatch window = RandomBatch(config, {length}, seed);
      EXPECT_LE(LargestDifference(RunGraph(graph, window), model->Forward(window, 1)), kTolerance)
          << "seed " << seed << ", " << length << " tokens";
    }
  }
}

}  // namespace
}  // namespace bertqa
