#include "hub/blob_download.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

#include "base/files.h"
#include "base/url.h"
#include "bertqa/error.h"
#include "hub/file_lock.h"
#include "hub/hub_failure.h"

namespace bertqa {
namespace {

namespace fs = std::filesystem;

constexpr int kOk = 200;
constexpr int kPartial = 206;
constexpr int kRangeNotSatisfiable = 416;

/// The file beside the blob's place that grows until it is whole.
class IncompleteFile {
 public:
  explicit IncompleteFile(fs::path path) : path_(std::move(path)), file_(Open(path_)) {
    struct stat status = {};
    if (::fstat(file_.value(), &status) != 0) {
      Fail();
    }
    size_bytes_ = static_cast<std::uint64_t>(status.st_size);
  }

  std::uint64_t size_bytes() const { return size_bytes_; }
  const fs::path& path() const { return path_; }

  void Append(std::string_view bytes) {
    WriteDescriptor(file_.value(), bytes, path_.string());
    size_bytes_ += bytes.size();
  }

  void Clear() {
    if (::ftruncate(file_.value(), 0) != 0) {
      Fail();
    }
    size_bytes_ = 0;
  }

  /// Onto the disk, then into its place.
  void MoveTo(const fs::path& target) {
    if (::fsync(file_.value()) != 0 || std::rename(path_.c_str(), target.c_str()) != 0) {
      Fail();
    }
  }

  void Remove() { ::unlink(path_.c_str()); }

 private:
  [[noreturn]] void Fail() const {
    throw Error(ErrorCode::kUnwritable,
                path_.string() + ": cannot write: " + std::generic_category().message(errno));
  }

  static Descriptor Open(const fs::path& path) {
    std::error_code ignored;  // what matters is whether the file can be opened
    fs::create_directories(path.parent_path(), ignored);
    Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
    if (file.value() < 0) {
      throw Error(ErrorCode::kUnwritable,
                  path.string() + ": cannot write: " + std::generic_category().message(errno));
    }
    return file;
  }

  fs::path path_;
  Descriptor file_;
  std::uint64_t size_bytes_ = 0;
};

class Download {
 public:
  Download(HubClient& client, const BlobRequest& request)
      : client_(client),
        request_(request),
        place_(request.name.Text() + "/" + request.file.path),
        file_(request.cache.Incomplete(request.file)) {}

  void Run() {
    bool may_start_anew = file_.size_bytes() > 0;  // what was left here may be of anything
    Fetch();
    std::string found = Hash();
    if (found != request_.file.hash && may_start_anew) {
      file_.Clear();
      Fetch();
      found = Hash();
    }
    if (found != request_.file.hash) {
      file_.Remove();
      throw Error(ErrorCode::kMalformed,
                  place_ + ": what came is not what the Hub announced: " +
                      (request_.file.is_large ? "SHA-256 " : "git's SHA-1 ") + request_.file.hash +
                      " is expected, not " + found);
    }
    file_.MoveTo(request_.cache.Blob(request_.file));
  }

 private:
  std::string Hash() const { return HashFile(file_.path(), request_.file, request_.open_digest); }

  std::string Url() const {
    // The commit, not the branch: all files are of one state, whatever is pushed meanwhile.
    return client_.settings().endpoint + "/" + request_.name.Id() + "/resolve/" + request_.commit +
           "/" + EscapeUrlPart(request_.file.path);
  }

  /// Until the file has its full length.
  void Fetch() {
    if (file_.size_bytes() > request_.file.size_bytes) {
      file_.Clear();
    }
    Retries retries(client_);
    while (file_.size_bytes() < request_.file.size_bytes) {
      const std::uint64_t before = file_.size_bytes();
      const HubReply reply = FetchOnce();
      const bool is_whole = file_.size_bytes() == request_.file.size_bytes;
      if (is_whole) {
        break;
      }
      const bool progressed = file_.size_bytes() > before;
      const bool ended_early = reply.last.IsWhole() && IsSuccess(reply.last);
      if (ended_early) {
        ThrowSize("ends after " + std::to_string(file_.size_bytes()) + " bytes");
      }
      if (!retries.Again(reply, progressed)) {
        ThrowHubFailure(reply, client_.settings(), request_.name, request_.file.path);
      }
    }
  }

  /// One answer's worth of the rest. No If-Range: the ETag that it needs is that of the server
  /// which holds the content, and nobody kept it; the file's hash tells in the end, and better.
  HubReply FetchOnce() {
    std::vector<std::string> headers;
    const std::uint64_t begin = file_.size_bytes();
    if (begin > 0) {
      headers.push_back("Range: bytes=" + std::to_string(begin) + "-");
      request_.on_bytes(begin);
    }
    bool is_first = true;
    HubReply reply =
        client_.Get(Url(), headers, [&](const HttpReply& head, std::string_view bytes) {
          if (is_first && begin > 0 && !ContinuesAt(head, begin)) {
            file_.Clear();  // all of it comes again
            if (head.status != kOk) {
              return false;
            }
          }
          is_first = false;
          file_.Append(bytes);
          if (file_.size_bytes() > request_.file.size_bytes) {
            ThrowSize("is longer");
          }
          request_.on_bytes(file_.size_bytes());
          return true;
        });
    MakeRepeatable(reply.last, begin);
    if (!reply.linked_hash.empty() && reply.linked_hash != request_.file.hash) {
      throw Error(ErrorCode::kMalformed, place_ + ": the Hub lists the hash " + request_.file.hash +
                                             " and sends a file of hash " + reply.linked_hash);
    }
    return reply;
  }

  /// Where the server and this file disagree about what is missing, all of it is fetched anew.
  void MakeRepeatable(HttpReply& reply, std::uint64_t begin) {
    if (reply.status == kRangeNotSatisfiable && begin > 0) {
      file_.Clear();
      reply.fault = TransferFault::kBroken;
      reply.fault_text = "the server knows no byte " + std::to_string(begin);
    } else if (reply.fault == TransferFault::kStopped) {
      reply.fault = TransferFault::kBroken;
      reply.fault_text = "the server sent another part than the one that was asked for";
    }
  }

  static bool IsSuccess(const HttpReply& reply) {
    return reply.status == kOk || reply.status == kPartial;
  }

  /// Whether the answer is the part that was asked for: "bytes 100-199/200".
  static bool ContinuesAt(const HttpReply& head, std::uint64_t begin) {
    return head.status == kPartial &&
           head.Header("content-range").starts_with("bytes " + std::to_string(begin) + "-");
  }

  [[noreturn]] void ThrowSize(const std::string& finding) {
    file_.Remove();
    throw Error(ErrorCode::kMalformed, place_ + ": " + std::to_string(request_.file.size_bytes) +
                                           " bytes are expected, what came " + finding);
  }

  HubClient& client_;
  const BlobRequest& request_;
  std::string place_;
  IncompleteFile file_;
};

}  // namespace

void DownloadBlob(HubClient& client, const BlobRequest& request) {
  if (request.cache.HasBlob(request.file)) {
    return;
  }
  const FileLock lock = FileLock::Wait(request.cache.Lock(request.file), request.on_wait);
  if (!request.cache.HasBlob(request.file)) {  // whom we waited for may have brought it
    Download(client, request).Run();
  }
}

}  // namespace bertqa
