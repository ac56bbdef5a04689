#include "serve/listener.h"

#include <gtest/gtest.h>
#include <sys/un.h>

#include <functional>
#include <string>

#include "base/error_of.h"
#include "bertqa/error.h"

namespace bertqa {
namespace {

void ExpectError(ErrorCode code, const std::string& begin, const std::function<void()>& listen) {
  EXPECT_EQ(ErrorOf(code, listen).substr(0, begin.size()), begin);
}

bool HasIpv6() {
  try {
    return !ListenTcp("::1", 0).empty();
  } catch (const Error&) {
    return false;
  }
}

TEST(ListenTcpTest, SaysWhereItListens) {
  const std::vector<Listener> listeners = ListenTcp("127.0.0.1", 0);
  ASSERT_EQ(listeners.size(), 1U);
  EXPECT_TRUE(listeners[0].address.starts_with("http://127.0.0.1:")) << listeners[0].address;
  EXPECT_TRUE(listeners[0].is_loopback);
  EXPECT_FALSE(ListenTcp("0.0.0.0", 0).at(0).is_loopback);
}

TEST(ListenTcpTest, AddressesOfIpv6MayHaveBrackets) {
  if (!HasIpv6()) {
    GTEST_SKIP() << "this machine has no address ::1";
  }
  for (const char* host : {"::1", "[::1]"}) {
    const std::vector<Listener> listeners = ListenTcp(host, 0);
    ASSERT_EQ(listeners.size(), 1U);
    EXPECT_TRUE(listeners[0].address.starts_with("http://[::1]:")) << listeners[0].address;
    EXPECT_TRUE(listeners[0].is_loopback);
  }
  EXPECT_FALSE(ListenTcp("::", 0).at(0).is_loopback);
}

TEST(ListenTcpTest, AllAddressesOfANameHaveOnePort) {
  const std::vector<Listener> listeners = ListenTcp("localhost", 0);
  const std::string& first = listeners.at(0).address;
  for (const Listener& listener : listeners) {
    EXPECT_EQ(listener.address.substr(listener.address.rfind(':')), first.substr(first.rfind(':')));
    EXPECT_TRUE(listener.is_loopback);
  }
}

TEST(ListenTcpTest, NamesThatNobodyKnowsAreNamed) {
  ExpectError(ErrorCode::kUsage, "--host no host: ", [] { ListenTcp("no host", 0); });
}

TEST(ListenUnixTest, PathsThatCannotBeAreNamed) {
  const std::string longest(sizeof(sockaddr_un::sun_path), 'a');
  for (const std::string& path : {std::string(), longest}) {
    ExpectError(ErrorCode::kUsage, "--unix " + path + ": a path of 1 to 107 bytes is expected",
                [&] { ListenUnix(path); });
  }
  ExpectError(ErrorCode::kUnwritable, "--unix /nowhere/socket: cannot listen: No such file",
              [] { ListenUnix("/nowhere/socket"); });
}

}  // namespace
}  // namespace bertqa
