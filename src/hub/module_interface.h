#pragma once

#include <cstddef>
#include <cstdint>

/// What crosses between the program and `libbertqa_hub.so`, which is loaded when something is
/// fetched: plain C, so that no exception and no type of libcurl or libcrypto crosses it.
namespace bertqa {

/// How a transfer ended, apart from what the server answered.
enum class TransferFault : std::int32_t {
  kNone = 0,          ///< the whole answer came, whatever its status
  kStopped = 1,       ///< a callback wanted no more
  kNoConnection = 2,  ///< no address, no route, nobody listens, a proxy that refuses
  kBroken = 3,        ///< cut off, or nothing came for `stall_seconds`
  kUntrusted = 4,     ///< TLS: the certificate does not hold
  kOther = 5,
};

struct TransferRequest {
  const char* url;             ///< http or https
  const char* const* headers;  ///< "Name: value"
  std::size_t header_count;
  const char* certificates;  ///< a file of those to trust; "": the system's
  double connect_seconds;    ///< gives up after this long without a connection
  double stall_seconds;      ///< gives up after this long without a byte
  void* context;             ///< handed to the callbacks
  /// A line of the answer's head, without its line end: the status line and headers. A line that
  /// begins with "HTTP/" starts a new head. Returns 0 to stop.
  std::int32_t (*on_header)(void* context, const char* line, std::size_t size);
  /// A piece of the body. Returns 0 to stop.
  std::int32_t (*on_body)(void* context, const char* bytes, std::size_t size);
};

struct TransferResult {
  TransferFault fault;
  double retry_after_seconds;  ///< what Retry-After says, as seconds or as a date; 0 if nothing
  char message[256];           ///< of a fault, in libcurl's words; ends with NUL
};

enum class DigestKind : std::int32_t { kSha1 = 0, kSha256 = 1 };

inline constexpr std::size_t kMaxDigestBytes = 32;

/// The functions of the module. Handles are the caller's to free; one thread at a time uses one.
struct HubModule {
  void* (*open_session)() noexcept;  ///< connections that are kept; null if it fails
  void (*close_session)(void* session) noexcept;
  /// GET without following redirects.
  void (*transfer)(void* session, const TransferRequest* request, TransferResult* result) noexcept;
  void* (*open_digest)(DigestKind kind) noexcept;  ///< null if it fails
  void (*close_digest)(void* digest) noexcept;
  std::int32_t (*update_digest)(void* digest, const void* bytes, std::size_t size) noexcept;
  /// Writes the digest and returns its length; 0 if it fails.
  std::size_t (*finish_digest)(void* digest, unsigned char* bytes) noexcept;
};

using HubModuleFunction = const HubModule* (*)() noexcept;

/// The module's one symbol. The number grows when anything above changes, so that a module of
/// another version is refused instead of misread.
inline constexpr const char* kHubModuleSymbol = "bertqa_hub_1";

inline constexpr const char* kHubModuleName = "libbertqa_hub.so";

}  // namespace bertqa
