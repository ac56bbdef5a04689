#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bertqa/model.h"

namespace bertqa {

/// A model and the name that requests know it by.
struct ServedModel {
  std::string name;
  std::string family;       ///< "bert"
  std::string fingerprint;  ///< of its files
  std::string version;      ///< of the program
  std::string precision;    ///< "int8": what is computed in
  std::shared_ptr<const Model> model;
};

/// The models of a server. Immutable, safe to share.
class ServedModels {
 public:
  /// REQUIRES: at least one, no two of a name.
  explicit ServedModels(std::vector<ServedModel> models) : models_(std::move(models)) {}

  /// "": the first. Throws HttpProblem (404) with the names that there are.
  const ServedModel& Find(const std::string& name) const;

  /// The JSON of /v1/models.
  std::string FormatJson() const;

  const std::vector<ServedModel>& all() const { return models_; }

 private:
  std::vector<ServedModel> models_;
};

}  // namespace bertqa
