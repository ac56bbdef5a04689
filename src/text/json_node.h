#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bertqa/error.h"

namespace bertqa {

/// A value in a JSON file that knows where it stands, so that every error names its place:
/// `tokenizer.json: .normalizer.normalizers[2].type: expected a string, found null`.
/// Readers throw Error{kMalformed} for another type than asked for. Copies are cheap; they keep the
/// whole document alive.
class JsonNode {
 public:
  /// Throws Error{kUnreadable}; Error{kMalformed} for what is no JSON object.
  static JsonNode ReadFile(const std::filesystem::path& path);
  /// An object without members, for a file that is not there.
  static JsonNode EmptyObject(const std::filesystem::path& path);
  /// `name` stands for the file in messages.
  static JsonNode Parse(std::string_view text, const std::string& name);

  /// A member that must be there; one that may be absent or null.
  JsonNode At(const std::string& key) const;
  std::optional<JsonNode> Find(const std::string& key) const;

  bool IsString() const;
  bool IsObject() const;
  bool IsArray() const;

  const std::string& String() const;
  bool Bool() const;
  double Number() const;
  /// A whole number from 0 to `limit`, inclusive.
  std::size_t Index(std::size_t limit) const;
  std::vector<JsonNode> Items() const;

  /// Calls back for each member of an object, each item of an array: without a copy, for long ones.
  void ForEachMember(const std::function<void(const std::string& key, const JsonNode&)>& f) const;

  /// Members with a default where there is none or null.
  bool BoolOr(const std::string& key, bool otherwise) const;
  std::string StringOr(const std::string& key, const std::string& otherwise) const;

  /// "tokenizer.json: .model.merges", as messages begin.
  std::string Place() const;

  /// "tokenizer.json: .model.type: " and `what`.
  [[noreturn]] void Fail(ErrorCode code, const std::string& what) const;

 private:
  struct Document;

  JsonNode(std::shared_ptr<const Document> document, const void* value, std::string path)
      : document_(std::move(document)), value_(value), path_(std::move(path)) {}

  [[noreturn]] void FailType(const std::string& expected) const;

  std::shared_ptr<const Document> document_;
  const void* value_;  ///< a json value of the document: the library's type crosses no header
  std::string path_;
};

}  // namespace bertqa
