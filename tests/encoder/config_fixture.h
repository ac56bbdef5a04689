#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "encoder/config.h"
#include "encoder/fixtures.h"

namespace bertqa {

/// A test that writes configurations and reads them.
class ConfigFixture : public testing::Test {
 protected:
  EncoderConfig Read(const nlohmann::json& json) const {
    return ReadEncoderConfig(folder_.Write("config.json", json.dump()));
  }
  /// With exactly this message behind the path.
  void ExpectRefused(const nlohmann::json& json, ErrorCode code, const std::string& message) const {
    const auto path = folder_.Write("config.json", json.dump());
    ExpectError(code, path.string() + ": " + message, [&] { ReadEncoderConfig(path); });
  }

  TemporaryFolder folder_;
};

}  // namespace bertqa
