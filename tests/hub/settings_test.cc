#include "hub/settings.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <map>

#include "base/files.h"
#include "bertqa/error.h"

namespace bertqa {
namespace {

HubSettings Read(std::map<std::string, std::string> variables) {
  variables.emplace("HOME", "/home/me");
  return ReadHubSettings([&](const char* name) { return variables[name]; });
}

TEST(HubSettingsTest, Defaults) {
  const HubSettings settings = Read({});
  EXPECT_EQ(settings.endpoint, "https://huggingface.co");
  EXPECT_EQ(settings.cache, "/home/me/.cache/huggingface/hub");
  EXPECT_EQ(settings.token, "");
  EXPECT_FALSE(settings.offline);
  EXPECT_EQ(settings.stall_seconds, 10);
}

TEST(HubSettingsTest, CacheFolders) {
  EXPECT_EQ(Read({{"XDG_CACHE_HOME", "/x"}}).cache, "/x/huggingface/hub");
  EXPECT_EQ(Read({{"XDG_CACHE_HOME", "/x"}, {"HF_HOME", "~/hf"}}).cache, "/home/me/hf/hub");
  EXPECT_EQ(Read({{"HF_HOME", "/h"}, {"HUGGINGFACE_HUB_CACHE", "/o"}}).cache, "/o");
  EXPECT_EQ(Read({{"HUGGINGFACE_HUB_CACHE", "/o"}, {"HF_HUB_CACHE", "/n"}}).cache, "/n");
}

TEST(HubSettingsTest, Tokens) {
  EXPECT_EQ(Read({{"HF_TOKEN", " abc\n"}}).token, "abc");
  EXPECT_EQ(Read({{"HUGGING_FACE_HUB_TOKEN", "old"}}).token, "old");
  const std::filesystem::path file =
      std::filesystem::temp_directory_path() / ("bertqa-token-" + std::to_string(::getpid()));
  WriteFileAtomically(file, "kept\n");
  const HubSettings settings = Read({{"HF_TOKEN_PATH", file.string()}});
  EXPECT_EQ(settings.token, "kept");
  EXPECT_EQ(settings.token_source, file.string());
  EXPECT_EQ(Read({{"HF_TOKEN_PATH", file.string()}, {"HF_TOKEN", "mine"}}).token, "mine");
  std::filesystem::remove(file);
  EXPECT_THROW(Read({{"HF_TOKEN", "a\r\nX: y"}}), Error) << "it would add a header";
  EXPECT_THROW(Read({{"HF_TOKEN", "a b"}}), Error);
}

TEST(HubSettingsTest, Certificates) {
  EXPECT_EQ(Read({}).certificates, "");
  EXPECT_EQ(Read({{"CURL_CA_BUNDLE", "/c"}, {"REQUESTS_CA_BUNDLE", "/r"}}).certificates, "/c");
  EXPECT_EQ(Read({{"CURL_CA_BUNDLE", "/c"}, {"SSL_CERT_FILE", "/s"}}).certificates, "/s");
}

TEST(HubSettingsTest, Offline) {
  EXPECT_TRUE(Read({{"HF_HUB_OFFLINE", "1"}}).offline);
  EXPECT_TRUE(Read({{"HF_HUB_OFFLINE", "Yes"}}).offline);
  EXPECT_TRUE(Read({{"TRANSFORMERS_OFFLINE", "true"}}).offline);
  EXPECT_FALSE(Read({{"HF_HUB_OFFLINE", "0"}}).offline);
}

TEST(HubSettingsTest, EndpointAndTimeout) {
  EXPECT_EQ(Read({{"HF_ENDPOINT", "http://mirror:8080/hub//"}}).endpoint, "http://mirror:8080/hub");
  for (const char* endpoint : {"huggingface.co", "ftp://a", "https://user@host"}) {
    EXPECT_THROW(Read({{"HF_ENDPOINT", endpoint}}), Error) << endpoint;
  }
  EXPECT_EQ(Read({{"HF_HUB_DOWNLOAD_TIMEOUT", "2.5"}}).stall_seconds, 2.5);
  for (const char* seconds : {"0", "-1", "x", "1s", "nan", "1e9"}) {
    EXPECT_THROW(Read({{"HF_HUB_DOWNLOAD_TIMEOUT", seconds}}), Error) << seconds;
  }
}

}  // namespace
}  // namespace bertqa
