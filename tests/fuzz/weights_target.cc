// The readers of weights: safetensors, PyTorch's archives and pickles, its legacy form, an index of
// several files. The first byte of an input chooses which.

#include <set>
#include <string>

#include "encoder/legacy_reader.h"
#include "encoder/open_weights.h"
#include "encoder/safetensors_reader.h"
#include "encoder/sharded_weights.h"
#include "encoder/torchscript_reader.h"
#include "encoder/zip_bytes.h"
#include "fuzz/fuzz_target.h"
#include "fuzz/scratch_folder.h"

namespace bertqa::fuzz {
namespace {

using std::filesystem::path;

/// Touches each byte of each tensor.
void ReadAll(const WeightsFile& file) {
  std::set<std::string> names;
  unsigned sum = 0;
  for (std::size_t i = 0; i < file.entries().size(); ++i) {
    const TensorEntry& entry = file.entries()[i];
    Require(names.insert(entry.name).second, "names of tensors are unique");
    Accepts([&] {
      const TensorBytes tensor = file.Read(i);
      Require(tensor.bytes.size() == ElementCount(entry.shape) * SizeOf(entry.dtype),
              "a tensor has the bytes of its shape");
      for (const std::byte byte : tensor.bytes) {
        sum += std::to_integer<unsigned>(byte);
      }
    });
  }
  [[maybe_unused]] static volatile unsigned sink;  // no read is left out
  sink = sum;
}

void OpenAs(std::unique_ptr<WeightsFile> (*open)(const path&), std::string_view bytes) {
  Accepts([&] { ReadAll(*open(Folder().Write("weights", bytes))); });
}

/// A header behind its length, and as many bytes of data as the input's next byte says.
void RunSafetensorsHeader(Input input) {
  const std::size_t data_bytes = input.TakeByte();
  std::string bytes;
  for (unsigned shift = 0; shift < 64; shift += 8) {
    bytes += static_cast<char>(input.rest().size() >> shift & 0xFFU);
  }
  bytes += input.rest();
  OpenAs(OpenSafetensors, bytes.append(data_bytes, '\x3F'));
}

/// A pickle in an archive that is otherwise sound.
void RunPickle(std::string_view pickle) {
  OpenAs(OpenTorchArchive, ZipBytes()
                               .Add("m/data.pkl", std::string(pickle))
                               .Add("m/data/0", std::string(64, '\x3F'))
                               .Add("m/data/1", std::string(16, '\x3F'))
                               .Finish()
                               .bytes);
}

/// An index, a NUL, and what stands in the file "a".
void RunShards(std::string_view bytes) {
  const std::size_t end = bytes.find('\0');
  const path index = Folder().Write("model.safetensors.index.json", bytes.substr(0, end));
  Folder().Write("a", end == bytes.npos ? std::string_view() : bytes.substr(end + 1));
  Accepts([&] { ReadAll(*OpenWeights(index)); });
}

void Run(Input input) {
  switch (input.TakeByte() % 7) {
    case 0:
      return OpenAs(OpenSafetensors, input.rest());
    case 1:
      return RunSafetensorsHeader(input);
    case 2:
      return OpenAs(OpenTorchArchive, input.rest());
    case 3:
      return OpenAs(OpenLegacyTorch, input.rest());
    case 4:
      return RunPickle(input.rest());
    case 5:
      return RunShards(input.rest());
    default:
      return OpenAs(OpenWeights, input.rest());
  }
}

}  // namespace
}  // namespace bertqa::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  bertqa::fuzz::Run({data, size});
  return 0;
}
