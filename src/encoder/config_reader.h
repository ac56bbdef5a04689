#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bertqa/error.h"
#include "encoder/family.h"
#include "kernels/activation.h"

namespace bertqa {

/// One config.json with its path for the messages. Notes which keys were asked for. What is not as
/// expected is an Error{kMalformed} that names the key, or Error{kUnsupported} where it is a
/// network of another kind.
class ConfigReader {
 public:
  /// Throws Error{kUnreadable}; Error{kMalformed} for what is no JSON object.
  explicit ConfigReader(const std::filesystem::path& path);
  ~ConfigReader();
  ConfigReader(const ConfigReader&) = delete;
  ConfigReader& operator=(const ConfigReader&) = delete;

  /// A whole number from 1; in the second form an absent key is `default_value`.
  std::size_t Size(const char* key);
  std::size_t SizeOr(const char* key, std::size_t default_value);
  /// A whole number from 0; an absent key or null is `default_value`.
  std::size_t Id(const char* key, std::size_t default_value);
  /// A number in (0, 1).
  double Number(const char* key, double default_value);
  /// The same for a share that may be 0.
  double Share(const char* key, double default_value);
  /// A number above 0; an absent key is `default_value`. In the second form null is nothing.
  double Positive(const char* key, double default_value);
  std::optional<double> PositiveOrNull(const char* key, double default_value);
  /// A whole number from 1; nothing where the key is absent, null, 0 or below.
  std::size_t SizeOrNone(const char* key);
  bool Flag(const char* key, bool default_value = false);
  /// The string at `key`. An absent key or null is `default_value`.
  std::string Text(const char* key, const std::string& default_value);
  /// A list of strings, or a string of them with "|" between, in lower case: "c2p|p2c". An absent
  /// key or null is an empty list.
  std::vector<std::string> Words(const char* key);
  /// The first of "architectures"; empty where there is none.
  std::string Architecture();

  /// By "model_type", or where a configuration is too old to have it, by its class.
  const FamilyTraits& ReadFamily();
  Activation ReadActivation(const char* key, std::string_view default_name);

  /// Absent, null, or a list or an object without elements.
  void RequireEmpty(const char* key);
  /// Absent, or this number.
  void RequireSize(const char* key, std::size_t size);
  void RequireFalse(const char* key);
  /// The key may be there, and its value does not matter for the family.
  void PassOver(const char* key);
  /// Refuses what nobody has asked for and may change the result.
  void RequireAllUnderstood(std::string_view family) const;

  /// "config.json: <what>"
  [[noreturn]] void Fail(ErrorCode code, const std::string& what) const;
  /// "config.json: "key": <value> is not supported; <expected> is expected"
  [[noreturn]] void Unsupported(const char* key, const std::string& expected) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// "\"hidden_size\"", for messages.
std::string Quoted(std::string_view key);

}  // namespace bertqa
