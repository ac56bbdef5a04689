#include "serve/remote_stream.h"

#include <algorithm>
#include <system_error>
#include <thread>
#include <utility>

#include "bertqa/error.h"
#include "io/json_object.h"
#include "io/json_text.h"
#include "io/record_reader.h"

namespace bertqa {
namespace {

/// Of the records in flight: memory does not grow with the input.
constexpr std::size_t kMaxBytes = std::size_t{8} << 20U;
constexpr std::size_t kMaxRecords = 1024;
/// Of one request: well below what a server takes, and soon answered.
constexpr std::size_t kRequestBytes = std::size_t{1} << 20U;
constexpr std::size_t kRequestRecords = 64;
constexpr int kBusy = 429;
constexpr auto kPause = std::chrono::milliseconds(250);

std::size_t BytesOf(const QaRequest& request) {
  std::size_t bytes = request.question.size();
  for (const std::string& document : request.documents) {
    bytes += document.size();
  }
  return bytes;
}

/// One record of JSON Lines, or the body of a question about several documents.
std::string FormatRequest(const QaRequest& request) {
  std::string json;
  ObjectWriter object(json);
  object.Member("question", JsonString(request.question));
  if (request.documents.size() == 1) {
    object.Member("context", JsonString(request.documents.front()));
  } else {
    object.Member("documents", FormatList(request.documents, JsonString));
  }
  object.Close();
  return json + "\n";
}

std::string ProblemDetail(const std::string& body) {
  if (!CheckJson(body) && body.starts_with('{')) {
    const std::vector<JsonMember> members = SplitObject(body);
    const JsonMember* const detail = FindMember(members, "detail");
    if (detail != nullptr && detail->is_string()) {
      return DecodeJsonString(detail->value);
    }
  }
  return "no reason is given";
}

/// What every answer promises; a server that is none of ours may have promised nothing.
bool IsIn(const Answer& answer, const std::vector<std::string>& documents) {
  if (answer.document_index >= documents.size()) {
    return false;
  }
  const std::string_view document = documents[answer.document_index];
  const auto [begin, end] = answer.span;
  return begin <= end && end <= document.size() &&
         document.substr(begin, end - begin) == answer.text;
}

}  // namespace

void RequireReply(const HttpClientReply& reply, const std::string& address) {
  const std::string place = "server " + address + ": ";
  if (!reply.fault.empty()) {
    throw Error(ErrorCode::kUnreadable, place + "cannot be asked: " + reply.fault);
  }
  if (reply.status != 200) {
    throw Error(
        reply.status == 422 ? ErrorCode::kUsage : ErrorCode::kUnreadable,
        place + "refuses with " + std::to_string(reply.status) + ": " + ProblemDetail(reply.body));
  }
}

PipelineStats RemoteStream::Run(const RequestSource& source, const ResultSink& sink,
                                const SinkIdle& idle, const std::stop_token& stop) {
  const std::stop_callback drain(stop, [this] {
    const std::lock_guard lock(mutex_);
    draining_ = true;
    changed_.notify_all();
  });
  std::vector<std::jthread> threads;
  try {
    for (std::size_t i = 0; i < options_.connections; ++i) {
      threads.emplace_back([this] { SendAll(); });
    }
    threads.emplace_back([this, &source] { ReadAll(source); });
    WriteAll(sink, idle);
  } catch (const std::system_error& error) {
    Stop(std::make_exception_ptr(Error(
        ErrorCode::kInternal, std::string("pipeline: cannot start a thread: ") + error.what())));
  }
  threads.clear();  // joins
  if (error_) {
    std::rethrow_exception(error_);
  }
  PipelineStats stats;
  stats.records = records_;
  return stats;
}

void RemoteStream::ReadAll(const RequestSource& source) {
  try {
    while (std::optional<StreamInput> input = source()) {
      if (!Admit(std::move(*input))) {
        break;
      }
    }
  } catch (...) {
    // What was read before is still answered; the error is thrown at the end.
    const std::lock_guard lock(mutex_);
    error_ = std::current_exception();
  }
  const std::lock_guard lock(mutex_);
  end_of_input_ = true;
  changed_.notify_all();
}

/// Queues a record once there is room. False if the run is stopping.
bool RemoteStream::Admit(StreamInput input) {
  auto slot = std::make_shared<Slot>();
  slot->bytes = BytesOf(input.request);
  slot->request = std::move(input.request);
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] {
    return stopping_ || draining_ || order_.empty() ||
           (bytes_ + slot->bytes <= kMaxBytes && order_.size() < kMaxRecords);
  });
  if (stopping_ || draining_) {
    return false;
  }
  if (input.error) {
    slot->outcome = std::move(*input.error);
    slot->is_done = true;
  } else {
    waiting_.push_back(slot);
  }
  bytes_ += slot->bytes;
  records_ += 1;
  order_.push_back(std::move(slot));
  changed_.notify_all();
  return true;
}

/// What one connection does.
void RemoteStream::SendAll() {
  try {
    const auto client = LoadServeModule().make_client(options_.client);
    while (true) {
      const std::vector<SlotPointer> slots = TakeWaiting();
      if (slots.empty()) {
        return;
      }
      Send(*client, slots);
      const std::lock_guard lock(mutex_);
      sending_ -= 1;
      changed_.notify_all();
    }
  } catch (...) {
    Stop(std::current_exception());
  }
}

/// Records that go as one request; none at the end.
std::vector<RemoteStream::SlotPointer> RemoteStream::TakeWaiting() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return stopping_ || draining_ || !waiting_.empty() || end_of_input_; });
  std::vector<SlotPointer> slots;
  if (stopping_ || draining_) {
    return slots;
  }
  std::size_t bytes = 0;
  while (!waiting_.empty() && slots.size() < kRequestRecords) {
    const bool is_plain = waiting_.front()->request.documents.size() == 1;
    bytes += waiting_.front()->bytes;
    if (!slots.empty() && (bytes > kRequestBytes || !is_plain)) {
      break;
    }
    slots.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
    if (!is_plain) {
      break;
    }
  }
  sending_ += slots.empty() ? 0 : 1;
  return slots;
}

void RemoteStream::Send(HttpClient& client, const std::vector<SlotPointer>& slots) {
  const bool is_plain = slots.front()->request.documents.size() == 1;
  std::string body;
  for (const SlotPointer& slot : slots) {
    body += FormatRequest(slot->request);
  }
  std::string rest;
  std::size_t next = 0;
  const ByteSink take = [&](std::string_view bytes) {
    rest += bytes;
    for (std::size_t end = rest.find('\n'); end != std::string::npos && next < slots.size();
         end = rest.find('\n')) {
      Finish(*slots[next++], std::string_view(rest).substr(0, end));
      rest.erase(0, end + 1);
    }
    return true;
  };
  HttpClientReply reply;
  while (true) {
    reply = is_plain ? client.Post("/v1/answers" + query_, "application/x-ndjson", body, take)
                     : client.Post("/v1/answer" + query_, "application/json", body, take);
    if (reply.status != kBusy) {
      break;
    }
    if (is_stopping()) {
      return;
    }
    std::this_thread::sleep_for(kPause);
  }
  RequireReply(reply, options_.client.address);
  if (next < slots.size()) {
    throw Error(ErrorCode::kMalformed, "server " + options_.client.address + ": " +
                                           std::to_string(next) + " results for " +
                                           std::to_string(slots.size()) + " records");
  }
}

bool RemoteStream::is_stopping() {
  const std::lock_guard lock(mutex_);
  return stopping_ || draining_;
}

void RemoteStream::Finish(Slot& slot, std::string_view line) {
  std::variant<QaResult, RecordError> outcome;
  try {
    outcome = ReadRecord(line);
  } catch (const Error& error) {
    throw Error(error.code(), "server " + options_.client.address + ": " + error.what());
  }
  if (const auto* result = std::get_if<QaResult>(&outcome)) {
    for (const Answer& answer : result->answers) {
      if (!IsIn(answer, slot.request.documents)) {
        throw Error(ErrorCode::kMalformed,
                    "server " + options_.client.address + ": an answer is not in its text");
      }
    }
  }
  const std::lock_guard lock(mutex_);
  slot.outcome = std::move(outcome);
  slot.is_done = true;
  changed_.notify_all();
}

void RemoteStream::WriteAll(const ResultSink& sink, const SinkIdle& idle) {
  try {
    while (const SlotPointer slot = TakeDone(idle)) {
      if (!sink({std::move(slot->request), std::move(slot->outcome)})) {
        Stop(nullptr);
        return;
      }
    }
  } catch (...) {
    Stop(std::current_exception());
  }
}

/// The next slot in order, or nothing at the end.
RemoteStream::SlotPointer RemoteStream::TakeDone(const SinkIdle& idle) {
  const auto front_is_done = [&] { return !order_.empty() && order_.front()->is_done; };
  std::unique_lock lock(mutex_);
  if (!front_is_done() && idle) {
    lock.unlock();
    idle();
    lock.lock();
  }
  changed_.wait(lock, [&] {
    return stopping_ || front_is_done() || (end_of_input_ && order_.empty()) ||
           (draining_ && sending_ == 0);
  });
  if (!front_is_done()) {
    return nullptr;
  }
  SlotPointer slot = std::move(order_.front());
  order_.pop_front();
  bytes_ -= slot->bytes;
  changed_.notify_all();
  return slot;
}

void RemoteStream::Stop(std::exception_ptr error) {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  if (error && !error_) {
    error_ = std::move(error);
  }
  changed_.notify_all();
}

}  // namespace bertqa
