#include "model/trained_model.h"

#include "encoder/safetensors_writer.h"
#include "model/model_files.h"

namespace bertqa {

void WriteTrainedModel(const std::filesystem::path& base_directory, const Checkpoint& weights,
                       const ModelNotes& notes, StoredPrecision precision,
                       const std::filesystem::path& folder) {
  ModelFiles files = ReadModelFiles(base_directory / "config.json", base_directory / "vocab.txt");
  const DType dtype = StoredAs(weights.dtype(weights.tensors().front().name), precision);
  files.configuration = WithDType(WithQuestionAnsweringHead(files.configuration), dtype);
  files.notes = notes;
  WriteModelFiles(files, folder);
  WriteSafetensors(weights, precision, folder / "model.safetensors");
}

}  // namespace bertqa
