#pragma once

#include <functional>
#include <string>
#include <vector>

#include "hub/repository_listing.h"

namespace bertqa {

/// Which files of a repository a model needs.
struct FileChoice {
  std::vector<RemoteFile> files;  ///< small ones first, the weights last
  std::string index;  ///< if the weights are in several files: the one that names them, else ""
};

/// Configuration, tokenizer, card and licence, and the weights: safetensors (one file, or else the
/// index of several), else pytorch_model.bin (the same), else model.pt.
/// `place` is for messages. Throws Error{kUnsupported} if there is no config.json or no weights.
FileChoice ChooseFiles(const RepositoryListing& listing, const std::string& place);

/// The files that an index ("weight_map") names, in order.
/// Throws Error{kMalformed} for an index that is none, or that names a file which is not plainly
/// one of the listing.
std::vector<RemoteFile> ChooseShards(const std::string& index_text, const std::string& place,
                                     const RepositoryListing& listing);

/// Whether a folder holds what makes a model: config.json, and whole weights.
bool HoldsModel(const std::function<bool(const std::string&)>& exists,
                const std::function<std::string(const std::string&)>& read);

}  // namespace bertqa
