#include "serve/server.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <future>
#include <semaphore>
#include <string>
#include <thread>

namespace bertqa {
namespace {

constexpr int kPatienceMilliseconds = 60'000;

/// A request is a line, and so is the reply. "work" is answered once Release() was called.
class LineEngine : public HttpEngine {
 public:
  bool ServeRequest(HttpSocket& socket, HttpHandler& handler, bool may_stay) noexcept override {
    std::string line;
    for (char byte = 0; byte != '\n'; line += byte) {
      if (socket.Read(&byte, 1) <= 0) {
        return false;
      }
    }
    handler.CheckHead({});
    if (line == "work\n") {
      working_.release();
      released_.wait();
    }
    return socket.Write(line.data(), line.size()) > 0 && may_stay;
  }

  /// Waits until a "work" is in hand.
  void WaitForWork() { working_.acquire(); }
  void Release() { release_.set_value(); }

 private:
  std::counting_semaphore<> working_{0};
  std::promise<void> release_;
  std::shared_future<void> released_ = release_.get_future().share();
};

/// Tells the connection that its request is being answered.
class Handler : public HttpHandler {
 public:
  explicit Handler(Connection& connection) : connection_(connection) {}
  HttpResponse CheckHead(const HttpHead& /*head*/) noexcept override {
    connection_.BeginAnswer();
    return {};
  }
  HttpResponse Handle(const HttpHead& /*head*/, const BodyReader& /*body*/) noexcept override {
    return {};
  }
  HttpResponse Refuse(int /*status*/) noexcept override { return {}; }

 private:
  Connection& connection_;
};

class ServerTest : public testing::Test {
 protected:
  ServerTest() {
    EXPECT_EQ(::pipe(stop_.data()), 0);
    std::vector<Listener> listeners;
    listeners.push_back(ListenUnix(path_));
    thread_ = std::thread([this, moved = std::move(listeners)]() mutable {
      EXPECT_TRUE(server_.Run(std::move(moved), stop_[0]));
    });
  }
  ~ServerTest() override {
    ::close(stop_[1]);
    thread_.join();
    ::close(stop_[0]);
    EXPECT_FALSE(std::filesystem::exists(path_)) << "the socket file goes";
  }

  Descriptor Connect() const {
    Descriptor client(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path_.c_str(), path_.native().size());
    EXPECT_EQ(
        ::connect(client.value(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    return client;
  }

  static void Send(const Descriptor& client, const std::string& line) {
    EXPECT_EQ(::send(client.value(), line.data(), line.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(line.size()));
  }

  /// What comes next; "" at the end, "nothing" if nothing came.
  static std::string Receive(const Descriptor& client, int milliseconds = kPatienceMilliseconds) {
    pollfd waited = {.fd = client.value(), .events = POLLIN, .revents = 0};
    if (::poll(&waited, 1, milliseconds) != 1) {
      return "nothing";
    }
    std::array<char, 64> bytes = {};
    const ssize_t count = ::recv(client.value(), bytes.data(), bytes.size(), 0);
    return {bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0))};
  }

  static std::string Ask(const Descriptor& client, const std::string& line) {
    Send(client, line);
    return Receive(client);
  }

  const std::filesystem::path path_ =
      std::filesystem::temp_directory_path() / ("bertqa-server-" + std::to_string(getpid()));
  std::array<int, 2> stop_ = {};
  LineEngine engine_;
  Server server_{engine_,
                 [](Connection& connection) { return std::make_unique<Handler>(connection); },
                 {.limits = {}, .max_connections = 2, .drain_seconds = 60, .on_connections = {}}};
  std::thread thread_;
};

TEST_F(ServerTest, WhereThereIsNoRoomOneThatWaitsForItsClientGoes) {
  const Descriptor first = Connect();
  Send(first, "work\n");
  engine_.WaitForWork();
  const Descriptor second = Connect();
  EXPECT_EQ(Ask(second, "two\n"), "two\n");
  const Descriptor third = Connect();
  EXPECT_EQ(Ask(third, "three\n"), "three\n");
  EXPECT_EQ(Receive(second), "") << "closed";
  engine_.Release();
  EXPECT_EQ(Receive(first), "work\n");
}

TEST_F(ServerTest, WhoIsBeingAnsweredStaysAndALaterOneWaits) {
  const Descriptor first = Connect();
  Send(first, "work\n");
  const Descriptor second = Connect();
  Send(second, "work\n");
  engine_.WaitForWork();
  engine_.WaitForWork();
  const Descriptor third = Connect();
  Send(third, "late\n");
  constexpr int kAWhile = 250;
  EXPECT_EQ(Receive(third, kAWhile), "nothing");
  engine_.Release();
  EXPECT_EQ(Receive(first), "work\n");
  EXPECT_EQ(Receive(second), "work\n");
  EXPECT_EQ(Receive(third), "late\n");
}

}  // namespace
}  // namespace bertqa
