#pragma once

#include <optional>
#include <string>

namespace bertqa {

/// A model repository on the Hub, at a revision.
struct RepositoryName {
  std::string organisation;  ///< "" for the few old names that have none: "bert-base-uncased"
  std::string name;
  std::string revision = "main";  ///< a branch, a tag or the 40 digits of a commit

  /// "ORG/NAME", or "NAME".
  std::string Id() const;
  /// Its folder in the cache: "models--ORG--NAME".
  std::string FolderName() const;
  /// What `--model` takes: the id, and the revision unless that is "main".
  std::string Text() const;
};

/// Reads "ORG/NAME", "NAME" or either with "@REVISION". Nothing unless the names are such as the
/// Hub allows (letters, digits, "-", "_", "."; no "--" and no ".."; at most 96 characters) and the
/// revision is one that git allows and that stays below a folder.
std::optional<RepositoryName> ParseRepositoryName(const std::string& text);

/// The name behind a folder of the cache: the reverse of FolderName.
std::optional<RepositoryName> ParseFolderName(const std::string& folder);

/// 40 lower-case hexadecimal digits.
bool IsCommit(const std::string& text);

/// `digits` lower-case hexadecimal digits.
bool IsHex(const std::string& text, std::size_t digits);

}  // namespace bertqa
