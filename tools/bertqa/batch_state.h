#pragma once

#include <map>
#include <string>

#include "batch.h"
#include "descriptor.h"
#include "serve/remote_pipeline.h"

namespace bertqa::cli {

/// What decides the bytes of a run's output, by its name.
using Conditions = std::map<std::string, std::string>;

/// The conditions of a run. `input` is a regular file, of which nothing was read.
/// Throws Error{kUnreadable}.
Conditions InputConditions(const BatchOptions& options, const Descriptor& input);
void AddModelConditions(Conditions& conditions, const BatchOptions& options,
                        const LoadedPipeline& loaded);
/// The same where a server answers. Throws what RemotePipeline::ReadModel throws.
void AddServerConditions(Conditions& conditions, const RemotePipeline& remote);

/// The file beside an output, OUTPUT.resume, that says under which conditions it was begun. It is
/// there from before the first byte of the output until after the last.
class BatchState {
 public:
  explicit BatchState(const BatchOptions& options) : path_(options.output + ".resume") {}

  bool exists() const;
  /// Throws Error{kUsage} that names the first condition that differs, Error{kMalformed} if the
  /// file is damaged.
  void Require(const Conditions& conditions) const;
  void Write(const Conditions& conditions) const;
  /// REQUIRES: the output is synced.
  void Remove() const;

 private:
  std::string path_;
};

}  // namespace bertqa::cli
