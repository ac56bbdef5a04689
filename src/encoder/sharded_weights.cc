#include "encoder/sharded_weights.h"

#include <unordered_map>

#include "bertqa/error.h"
#include "encoder/open_weights.h"
#include "encoder/shard_index.h"

namespace bertqa {
namespace {

class ShardedWeights : public WeightsFile {
 public:
  explicit ShardedWeights(const std::filesystem::path& path);

  const std::vector<TensorEntry>& entries() const override { return entries_; }
  const std::filesystem::path& path() const override { return path_; }
  TensorBytes Read(std::size_t entry_index) const override {
    const Location& location = locations_[entry_index];
    return shards_[location.shard]->Read(location.entry);
  }

 private:
  /// Where a tensor lies.
  struct Location {
    std::size_t shard = 0;
    std::size_t entry = 0;  ///< in the shard's entries
  };
  /// What the index says of a tensor.
  struct Expected {
    std::size_t shard = 0;
    bool is_found = false;
  };
  using ExpectedByName = std::unordered_map<std::string, Expected>;

  void AddShard(std::size_t shard, const ShardIndex& index, ExpectedByName& expected);

  std::filesystem::path path_;
  std::vector<std::unique_ptr<const WeightsFile>> shards_;
  std::vector<TensorEntry> entries_;
  std::vector<Location> locations_;  // [entries]
};

ShardedWeights::ShardedWeights(const std::filesystem::path& path) : path_(path) {
  const ShardIndex index = ReadShardIndex(path);
  ExpectedByName expected;
  for (const auto& [name, shard] : index.tensors) {
    expected.emplace(name, Expected{.shard = shard});
  }
  for (std::size_t shard = 0; shard < index.files.size(); ++shard) {
    shards_.push_back(OpenOneWeightsFile(path.parent_path() / index.files[shard]));
    AddShard(shard, index, expected);
  }
  for (const auto& [name, shard] : index.tensors) {
    if (!expected.at(name).is_found) {
      Fail("tensor \"" + name + "\" is expected in " + index.files[shard] + ", but is not there");
    }
  }
}

void ShardedWeights::AddShard(std::size_t shard, const ShardIndex& index,
                              ExpectedByName& expected) {
  const std::vector<TensorEntry>& entries = shards_[shard]->entries();
  for (std::size_t entry = 0; entry < entries.size(); ++entry) {
    const auto found = expected.find(entries[entry].name);
    const bool is_here = found != expected.end() && found->second.shard == shard;
    if (!is_here && entries[entry].is_alias) {
      continue;  // an index need not list the names that were left out
    }
    if (!is_here) {
      Fail("tensor \"" + entries[entry].name + "\" is in " + index.files[shard] +
           (found == expected.end() ? ", but not in the index"
                                    : ", but expected in " + index.files[found->second.shard]));
    }
    found->second.is_found = true;
    entries_.push_back(entries[entry]);
    locations_.push_back({.shard = shard, .entry = entry});
  }
}

}  // namespace

std::unique_ptr<WeightsFile> OpenShardedWeights(const std::filesystem::path& index) {
  return std::make_unique<ShardedWeights>(index);
}

}  // namespace bertqa
