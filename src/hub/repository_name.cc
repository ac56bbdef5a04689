#include "hub/repository_name.h"

#include <algorithm>
#include <string_view>

namespace bertqa {
namespace {

constexpr std::size_t kMaxNameCharacters = 96;
constexpr std::size_t kMaxRevisionCharacters = 200;
constexpr std::size_t kCommitDigits = 40;
constexpr std::string_view kFolderPrefix = "models--";
constexpr std::string_view kSeparator = "--";

bool IsLetterOrDigit(char character) {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
         (character >= '0' && character <= '9');
}

bool IsNameCharacter(char character) {
  return IsLetterOrDigit(character) || character == '-' || character == '_' || character == '.';
}

bool IsName(const std::string& text) {
  return !text.empty() && text.size() <= kMaxNameCharacters &&
         std::all_of(text.begin(), text.end(), IsNameCharacter) &&
         std::string_view("-.").find(text.front()) == std::string_view::npos &&
         std::string_view("-.").find(text.back()) == std::string_view::npos &&
         text.find(kSeparator) == std::string::npos && text.find("..") == std::string::npos;
}

/// "main", "v1.0", "refs/pr/3": every part between slashes is a file name in the cache.
bool IsRevision(const std::string& text) {
  const auto is_allowed = [](char character) {
    return IsNameCharacter(character) || character == '/' || character == '+';
  };
  return !text.empty() && text.size() <= kMaxRevisionCharacters &&
         std::all_of(text.begin(), text.end(), is_allowed) &&
         ("/" + text + "/").find("//") == std::string::npos &&
         ("/" + text).find("/.") == std::string::npos && text.find("..") == std::string::npos &&
         text.front() != '-';
}

}  // namespace

std::string RepositoryName::Id() const {
  return organisation.empty() ? name : organisation + "/" + name;
}

std::string RepositoryName::FolderName() const {
  return std::string(kFolderPrefix) +
         (organisation.empty() ? name : organisation + std::string(kSeparator) + name);
}

std::string RepositoryName::Text() const {
  return revision == "main" ? Id() : Id() + "@" + revision;
}

std::optional<RepositoryName> ParseRepositoryName(const std::string& text) {
  RepositoryName parsed;
  const std::size_t at = text.find('@');
  if (at != std::string::npos) {
    parsed.revision = text.substr(at + 1);
  }
  const std::string id = text.substr(0, at);
  const std::size_t slash = id.find('/');
  if (slash != std::string::npos) {
    parsed.organisation = id.substr(0, slash);
    if (!IsName(parsed.organisation)) {
      return std::nullopt;
    }
  }
  parsed.name = slash == std::string::npos ? id : id.substr(slash + 1);
  if (!IsName(parsed.name) || !IsRevision(parsed.revision)) {
    return std::nullopt;
  }
  return parsed;
}

std::optional<RepositoryName> ParseFolderName(const std::string& folder) {
  if (!folder.starts_with(kFolderPrefix)) {
    return std::nullopt;
  }
  std::string id = folder.substr(kFolderPrefix.size());
  const std::size_t separator = id.find(kSeparator);
  if (separator != std::string::npos) {
    id.replace(separator, kSeparator.size(), "/");
  }
  return ParseRepositoryName(id);
}

bool IsCommit(const std::string& text) {
  return IsHex(text, kCommitDigits);
}

bool IsHex(const std::string& text, std::size_t digits) {
  return text.size() == digits && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

}  // namespace bertqa
