#include "hub/file_choice.h"

#include <array>
#include <nlohmann/json.hpp>
#include <set>

#include "bertqa/error.h"

namespace bertqa {
namespace {

using Json = nlohmann::json;

constexpr const char* kConfiguration = "config.json";
/// All but the weights. What a repository lacks of them is not missed here.
constexpr std::array<const char*, 15> kSmallFiles = {"README.md",
                                                     "LICENSE",
                                                     "LICENSE.txt",
                                                     "LICENSE.md",
                                                     "bertqa.json",
                                                     "vocab.txt",
                                                     "vocab.json",
                                                     "merges.txt",
                                                     "tokenizer.json",
                                                     "tokenizer_config.json",
                                                     "spm.model",
                                                     "spiece.model",
                                                     "added_tokens.json",
                                                     "special_tokens_map.json",
                                                     "sentencepiece.bpe.model"};
/// In the order of preference; an index stands for the files that it names.
constexpr std::array<const char*, 5> kWeights = {
    "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin",
    "pytorch_model.bin.index.json", "model.pt"};
constexpr const char* kIndexEnding = ".index.json";

/// The files of an index; empty if it is none.
std::set<std::string> ShardNames(const std::string& index_text) {
  const Json index = Json::parse(index_text, nullptr, /*allow_exceptions=*/false);
  const auto map = index.is_object() ? index.find("weight_map") : index.end();
  if (!index.is_object() || map == index.end() || !map->is_object()) {
    return {};
  }
  std::set<std::string> names;
  for (const Json& name : *map) {
    if (!name.is_string()) {
      return {};
    }
    names.insert(name.get<std::string>());
  }
  return names;
}

}  // namespace

FileChoice ChooseFiles(const RepositoryListing& listing, const std::string& place) {
  FileChoice choice;
  const RemoteFile* const configuration = listing.Find(kConfiguration);
  if (configuration == nullptr) {
    throw Error(ErrorCode::kUnsupported,
                place + ": holds no config.json, which a model of transformers has");
  }
  choice.files.push_back(*configuration);
  for (const char* name : kSmallFiles) {
    if (const RemoteFile* const file = listing.Find(name)) {
      choice.files.push_back(*file);
    }
  }
  for (const char* name : kWeights) {
    if (const RemoteFile* const file = listing.Find(name)) {
      choice.files.push_back(*file);
      choice.index = file->path.ends_with(kIndexEnding) ? file->path : "";
      return choice;
    }
  }
  throw Error(ErrorCode::kUnsupported,
              place +
                  ": holds no weights that are read here: model.safetensors or "
                  "pytorch_model.bin (or either in several files) is expected");
}

std::vector<RemoteFile> ChooseShards(const std::string& index_text, const std::string& place,
                                     const RepositoryListing& listing) {
  const std::set<std::string> names = ShardNames(index_text);
  if (names.empty()) {
    throw Error(ErrorCode::kMalformed,
                place + ": \"weight_map\": an object of tensors and their files is expected");
  }
  std::vector<RemoteFile> shards;
  for (const std::string& name : names) {
    const RemoteFile* const file = IsPlainFileName(name) ? listing.Find(name) : nullptr;
    if (file == nullptr) {
      throw Error(ErrorCode::kMalformed, place + ": \"weight_map\" names " +
                                             Json(name).dump(-1, ' ', /*ensure_ascii=*/true) +
                                             ", which is not in the repository");
    }
    shards.push_back(*file);
  }
  return shards;
}

bool HoldsModel(const std::function<bool(const std::string&)>& exists,
                const std::function<std::string(const std::string&)>& read) {
  if (!exists(kConfiguration)) {
    return false;
  }
  for (const std::string name : kWeights) {
    if (!exists(name)) {
      continue;
    }
    bool is_whole = true;
    if (name.ends_with(kIndexEnding)) {
      const std::set<std::string> shards = ShardNames(read(name));
      is_whole = !shards.empty();
      for (const std::string& shard : shards) {
        is_whole = is_whole && IsPlainFileName(shard) && exists(shard);
      }
    }
    if (is_whole) {
      return true;
    }
  }
  return false;
}

}  // namespace bertqa
