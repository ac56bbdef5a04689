#include "text/json_node.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/json_text.h"

namespace bertqa {
namespace {

using Json = nlohmann::json;

const Json& ValueOf(const void* value) {
  return *static_cast<const Json*>(value);
}

}  // namespace

struct JsonNode::Document {
  std::string name;
  Json root;
};

JsonNode JsonNode::ReadFile(const std::filesystem::path& path) {
  return Parse(ReadJsonText(path), path.string());
}

JsonNode JsonNode::EmptyObject(const std::filesystem::path& path) {
  return Parse("{}", path.string());
}

JsonNode JsonNode::Parse(std::string_view text, const std::string& name) {
  auto document = std::make_shared<Document>(Document{name, {}});
  try {
    document->root = Json::parse(text);
  } catch (const Json::exception& error) {
    throw Error(ErrorCode::kMalformed, name + ": expected JSON, found: " + error.what());
  }
  if (!document->root.is_object()) {
    throw Error(ErrorCode::kMalformed,
                name + ": expected a JSON object, found " + document->root.type_name());
  }
  const void* root = &document->root;
  return {std::move(document), root, ""};
}

void JsonNode::Fail(ErrorCode code, const std::string& what) const {
  throw Error(code, Place() + ": " + what);
}

std::string JsonNode::Place() const {
  return document_->name + (path_.empty() ? "" : ": " + path_);
}

void JsonNode::FailType(const std::string& expected) const {
  Fail(ErrorCode::kMalformed, "expected " + expected + ", found " + ValueOf(value_).type_name());
}

JsonNode JsonNode::At(const std::string& key) const {
  const Json& value = ValueOf(value_);
  if (!value.is_object()) {
    FailType("an object");
  }
  const auto found = value.find(key);
  if (found == value.end()) {
    Fail(ErrorCode::kMalformed, "expected a member \"" + key + "\", found none");
  }
  return {document_, &*found, path_ + "." + key};
}

std::optional<JsonNode> JsonNode::Find(const std::string& key) const {
  const Json& value = ValueOf(value_);
  if (!value.is_object()) {
    FailType("an object");
  }
  const auto found = value.find(key);
  if (found == value.end() || found->is_null()) {
    return std::nullopt;
  }
  return JsonNode(document_, &*found, path_ + "." + key);
}

bool JsonNode::IsString() const {
  return ValueOf(value_).is_string();
}

bool JsonNode::IsObject() const {
  return ValueOf(value_).is_object();
}

bool JsonNode::IsArray() const {
  return ValueOf(value_).is_array();
}

const std::string& JsonNode::String() const {
  if (!IsString()) {
    FailType("a string");
  }
  return ValueOf(value_).get_ref<const std::string&>();
}

bool JsonNode::Bool() const {
  if (!ValueOf(value_).is_boolean()) {
    FailType("true or false");
  }
  return ValueOf(value_).get<bool>();
}

double JsonNode::Number() const {
  if (!ValueOf(value_).is_number()) {
    FailType("a number");
  }
  return ValueOf(value_).get<double>();
}

std::size_t JsonNode::Index(std::size_t limit) const {
  const Json& value = ValueOf(value_);
  if (!value.is_number_unsigned() || value.get<std::size_t>() > limit) {
    Fail(ErrorCode::kMalformed,
         "expected a whole number from 0 to " + std::to_string(limit) + ", found " + value.dump());
  }
  return value.get<std::size_t>();
}

std::vector<JsonNode> JsonNode::Items() const {
  if (!IsArray()) {
    FailType("an array");
  }
  std::vector<JsonNode> items;
  items.reserve(ValueOf(value_).size());
  for (const Json& item : ValueOf(value_)) {
    items.push_back({document_, &item, path_ + "[" + std::to_string(items.size()) + "]"});
  }
  return items;
}

void JsonNode::ForEachMember(
    const std::function<void(const std::string&, const JsonNode&)>& f) const {
  if (!IsObject()) {
    FailType("an object");
  }
  JsonNode node = *this;
  for (auto member = ValueOf(value_).begin(); member != ValueOf(value_).end(); ++member) {
    node.value_ = &*member;
    node.path_.resize(path_.size());
    node.path_ += "." + member.key();
    f(member.key(), node);
  }
}

bool JsonNode::BoolOr(const std::string& key, bool otherwise) const {
  const auto member = Find(key);
  return member ? member->Bool() : otherwise;
}

std::string JsonNode::StringOr(const std::string& key, const std::string& otherwise) const {
  const auto member = Find(key);
  return member ? member->String() : otherwise;
}

}  // namespace bertqa
