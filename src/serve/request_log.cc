#include "serve/request_log.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <random>

#include "io/json_object.h"

namespace bertqa {
namespace {

/// "2026-11-28T07:00:00.123Z".
std::string Now() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  constexpr std::int64_t kThousand = 1000;
  const auto seconds = static_cast<std::time_t>(milliseconds / kThousand);
  std::tm parts = {};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 32> text = {};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S.", &parts);
  const std::string fraction = std::to_string(kThousand + (milliseconds % kThousand));
  return text.data() + fraction.substr(1) + "Z";
}

/// Letters, digits and marks of ASCII; the rest as "?".
std::string Plain(std::string_view text) {
  constexpr std::size_t kLongest = 256;
  std::string plain(text.substr(0, kLongest));
  std::replace_if(
      plain.begin(), plain.end(), [](unsigned char byte) { return byte <= ' ' || byte > '~'; },
      '?');
  return plain;
}

std::string Milliseconds(double seconds) {
  constexpr double kHundredths = 1e5;
  return NumberText(static_cast<double>(static_cast<std::int64_t>(seconds * kHundredths)) / 100);
}

}  // namespace

std::string FormatLogLine(const RequestLogEntry& entry, LogFormat format) {
  if (format == LogFormat::kText) {
    return Now() + ' ' + Plain(entry.client) + ' ' + Plain(entry.method) + ' ' +
           Plain(entry.target) + ' ' + std::to_string(entry.status) + ' ' +
           Milliseconds(entry.seconds) + "ms " + Plain(entry.id) +
           (entry.code.empty() ? "" : ' ' + Plain(entry.code)) + '\n';
  }
  std::string json;
  ObjectWriter object(json);
  object.Member("time", JsonString(Now()));
  object.Member("client", JsonString(Plain(entry.client)));
  object.Member("method", JsonString(Plain(entry.method)));
  object.Member("target", JsonString(Plain(entry.target)));
  object.Member("status", std::to_string(entry.status));
  object.Member("milliseconds", Milliseconds(entry.seconds));
  object.Member("request_id", JsonString(Plain(entry.id)));
  if (!entry.code.empty()) {
    object.Member("code", JsonString(Plain(entry.code)));
  }
  object.Close();
  return json + '\n';
}

std::string RequestId(std::string_view given) {
  constexpr std::size_t kLongest = 64;
  const bool is_plain = !given.empty() && given.size() <= kLongest &&
                        given.find_first_not_of(
                            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") ==
                            std::string_view::npos;
  if (is_plain) {
    return std::string(given);
  }
  thread_local std::mt19937_64 generator{std::random_device()()};
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string id;
  for (std::uint64_t bits = generator(); id.size() < 16; bits >>= 4U) {
    id += kDigits[bits & 15U];
  }
  return id;
}

}  // namespace bertqa
