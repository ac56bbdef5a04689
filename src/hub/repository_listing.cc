#include "hub/repository_listing.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "bertqa/error.h"
#include "hub/repository_name.h"

namespace bertqa {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kSha1Digits = 40;
constexpr std::size_t kSha256Digits = 64;
constexpr std::size_t kMaxFileNameCharacters = 200;

[[noreturn]] void Fail(const std::string& place, const std::string& problem) {
  throw Error(ErrorCode::kMalformed, place + ": not the Hub's answer: " + problem);
}

/// In ASCII: what a server sends must not drive the terminal.
std::string Quote(const std::string& text) {
  return Json(text).dump(-1, ' ', /*ensure_ascii=*/true);
}

std::string Text(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

std::uint64_t Size(const Json& json) {
  const auto found = json.find("size");
  return found != json.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

/// git itself allows no such path, so whoever sends one means harm.
bool LeavesItsFolder(const std::string& path) {
  const std::string framed = "/" + path + "/";
  return path.empty() || framed.find("//") != std::string::npos ||
         framed.find("/../") != std::string::npos || framed.find("/./") != std::string::npos ||
         path.find('\0') != std::string::npos;
}

RemoteFile ReadFileEntry(const Json& entry, const std::string& place) {
  RemoteFile file;
  file.path = entry.is_object() ? Text(entry, "rfilename") : "";
  if (LeavesItsFolder(file.path)) {
    Fail(place, Quote(file.path) + " is no path of a file in a repository");
  }
  const auto lfs = entry.find("lfs");
  file.is_large = lfs != entry.end() && lfs->is_object();
  file.size_bytes = Size(file.is_large ? *lfs : entry);
  file.hash = file.is_large ? Text(*lfs, "sha256") : Text(entry, "blobId");
  if (!file.hash.empty() && !IsHex(file.hash, file.is_large ? kSha256Digits : kSha1Digits)) {
    Fail(place, "the hash of " + Quote(file.path) + " is " + Quote(file.hash));
  }
  return file;
}

}  // namespace

const RemoteFile* RepositoryListing::Find(const std::string& path) const {
  const auto found = std::find_if(files.begin(), files.end(),
                                  [&](const RemoteFile& file) { return file.path == path; });
  return found == files.end() ? nullptr : &*found;
}

RepositoryListing ParseListing(const std::string& json, const std::string& place) {
  const Json answer = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!answer.is_object()) {
    Fail(place, "a JSON object is expected");
  }
  RepositoryListing listing;
  listing.commit = Text(answer, "sha");
  if (!IsCommit(listing.commit)) {
    Fail(place, "\"sha\": a commit of 40 digits is expected");
  }
  const auto siblings = answer.find("siblings");
  if (siblings == answer.end() || !siblings->is_array()) {
    Fail(place, "\"siblings\": a list of files is expected");
  }
  for (const Json& entry : *siblings) {
    RemoteFile file = ReadFileEntry(entry, place);
    if (!file.hash.empty()) {
      listing.files.push_back(std::move(file));
    }
  }
  if (listing.files.empty() && !siblings->empty()) {
    Fail(place, "\"siblings\": hashes of the files are expected (\"blobId\", \"lfs\")");
  }
  return listing;
}

bool IsPlainFileName(const std::string& path) {
  const auto is_plain = [](char character) {
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
           (character >= '0' && character <= '9') ||
           std::string_view("-_.").find(character) != std::string_view::npos;
  };
  return !path.empty() && path.size() <= kMaxFileNameCharacters && path.front() != '.' &&
         path.front() != '-' && std::all_of(path.begin(), path.end(), is_plain);
}

}  // namespace bertqa
