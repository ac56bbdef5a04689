#include "encoder/shard_index.h"

#include <nlohmann/json.hpp>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "bertqa/error.h"
#include "encoder/mapped_file.h"

namespace bertqa {
namespace {

using Json = nlohmann::json;

// The largest that are published, of models of 10^11 parameters and more, have 9 MB.
constexpr std::size_t kMaxIndexBytes = std::size_t{16} << 20U;
constexpr std::size_t kMaxDepth = 16;

/// A file beside the index and nowhere else.
bool IsPlainName(std::string_view name) {
  return !name.empty() && name != "." && name != ".." &&
         name.find_first_of(std::string_view("/\\\0", 3)) == std::string_view::npos;
}

/// Takes the "weight_map" from the events of nlohmann's parser, which makes no tree this way.
class IndexHandler : public nlohmann::json_sax<Json> {
 public:
  explicit IndexHandler(std::string path) : path_(std::move(path)) {}

  ShardIndex Finish() {
    if (!has_map_) {
      Fail("an object \"weight_map\" is expected");
    }
    if (index_.tensors.empty()) {
      Fail("\"weight_map\" names no tensor");
    }
    return std::move(index_);
  }

  [[noreturn]] void Fail(const std::string& what) const {
    throw Error(ErrorCode::kMalformed, path_ + ": " + what);
  }

  bool null() override { return Scalar(); }
  bool boolean(bool /*value*/) override { return Scalar(); }
  bool number_integer(number_integer_t /*value*/) override { return Scalar(); }
  bool number_unsigned(number_unsigned_t /*value*/) override { return Scalar(); }
  bool number_float(number_float_t /*value*/, const string_t& /*text*/) override {
    return Scalar();
  }
  bool binary(binary_t& /*value*/) override { return Scalar(); }

  bool string(string_t& value) override {
    if (!in_map_) {
      return Scalar();
    }
    if (!IsPlainName(value)) {
      Fail("tensor \"" + name_ + "\" is said to be in \"" + value +
           "\"; the name of a file in the same folder is expected");
    }
    const auto [place, is_new] = file_index_.emplace(value, index_.files.size());
    if (is_new) {
      index_.files.push_back(value);
    }
    index_.tensors.emplace_back(name_, place->second);
    return true;
  }

  bool key(string_t& value) override {
    if (in_map_ && !names_.insert(value).second) {
      Fail("\"weight_map\" has \"" + value + "\" twice");
    }
    name_ = value;
    return true;
  }

  bool start_object(std::size_t /*elements*/) override {
    Enter();
    if (depth_ == 2 && name_ == "weight_map") {
      if (has_map_) {
        Fail("\"weight_map\" is there twice");
      }
      has_map_ = in_map_ = true;
    }
    return true;
  }

  bool end_object() override {
    --depth_;
    in_map_ = false;  // the map holds no object, so that this is its end or not inside it
    return true;
  }

  bool start_array(std::size_t /*elements*/) override {
    if (depth_ == 0) {
      Fail("a JSON object is expected");
    }
    Enter();
    return true;
  }

  bool end_array() override {
    --depth_;
    return true;
  }

  bool parse_error(std::size_t /*position*/, const std::string& /*last_token*/,
                   const nlohmann::detail::exception& /*error*/) override {
    Fail("not valid JSON");
  }

 private:
  /// A value that is neither the map nor one of its files.
  bool Scalar() const {
    if (in_map_) {
      Fail("tensor \"" + name_ + "\": the name of a file in the same folder is expected");
    }
    if (depth_ == 0) {
      Fail("a JSON object is expected");
    }
    return true;
  }

  void Enter() {
    if (in_map_) {
      Scalar();
    }
    if (++depth_ > kMaxDepth) {
      Fail("nested deeper than " + std::to_string(kMaxDepth) + " levels");
    }
  }

  std::string path_;
  ShardIndex index_;
  std::unordered_map<std::string, std::size_t> file_index_;
  std::unordered_set<std::string> names_;
  std::string name_;  // the last key
  std::size_t depth_ = 0;
  bool in_map_ = false;
  bool has_map_ = false;
};

}  // namespace

ShardIndex ReadShardIndex(const std::filesystem::path& path) {
  const MappedFile file(path);
  IndexHandler handler(path.string());
  if (file.bytes().size() > kMaxIndexBytes) {
    handler.Fail(std::to_string(file.bytes().size()) + " bytes; an index of at most " +
                 std::to_string(kMaxIndexBytes) + " is expected");
  }
  const auto* const begin = reinterpret_cast<const char*>(file.bytes().data());
  Json::sax_parse(begin, begin + file.bytes().size(), &handler);
  return handler.Finish();
}

}  // namespace bertqa
