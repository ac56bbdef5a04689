#pragma once

#include <functional>
#include <string>
#include <vector>

#include "hub/http.h"
#include "hub/settings.h"

namespace bertqa {

/// The answer at the end of the redirects.
struct HubReply {
  HttpReply last;
  std::string url;          ///< who gave it
  bool from_hub = true;     ///< by the endpoint itself, not by where it sent us
  std::string linked_hash;  ///< X-Linked-Etag, without quotes; "" if nobody sent it
};

/// Waits that many seconds.
using Pause = std::function<void(double seconds)>;

/// GETs with redirects, the token and further tries. Not safe from several threads at once.
class HubClient {
 public:
  /// All must outlive the client.
  HubClient(HttpTransport& transport, const HubSettings& settings, Pause pause)
      : transport_(transport), settings_(settings), pause_(std::move(pause)) {}

  /// One try, redirects followed. `sink` sees the bodies of 200 and 206 only. The token goes to the
  /// endpoint's own scheme, host and port, and nowhere else.
  /// Throws Error{kMalformed} for a redirect that leads nowhere.
  HubReply Get(const std::string& url, const std::vector<std::string>& headers,
               const BodySink& sink);

  /// A short answer as text, with further tries. Returns what came last; look at its status.
  HubReply GetText(const std::string& url, std::string& text);

  const HubSettings& settings() const { return settings_; }

 private:
  friend class Retries;

  HttpTransport& transport_;
  const HubSettings& settings_;
  Pause pause_;
  bool was_reached_ = false;  ///< an answer came, so there is a network
};

/// Decides about further tries of one request, and waits before them: twice as long each time, or
/// as long as the server asks.
class Retries {
 public:
  /// `client` must outlive this object.
  explicit Retries(HubClient& client) : client_(client) {}
  /// True, after a pause, if it is worthwhile. `progressed`: new bytes came since the last time.
  bool Again(const HubReply& reply, bool progressed);

 private:
  HubClient& client_;
  int in_a_row_ = 0;
  int total_ = 0;
};

}  // namespace bertqa
