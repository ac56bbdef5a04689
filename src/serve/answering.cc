#include "serve/answering.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "base/utf8.h"
#include "bertqa/error.h"
#include "io/inspection_writer.h"
#include "io/jsonl_reader.h"
#include "io/record_writer.h"
#include "pipeline/encode.h"
#include "serve/problem.h"

namespace bertqa {
namespace {

using Clock = Batcher::Clock;

/// How often a thread that waits looks whether its client is still there.
constexpr auto kLook = std::chrono::milliseconds(25);
/// While the queue has no place.
constexpr auto kPause = std::chrono::milliseconds(5);

[[noreturn]] void RefuseFull() {
  throw HttpProblem(429, "queue_full", "too many questions are waiting", {RetryAfter()});
}

void RequireAsker(const Asker& asker) {
  if (asker.is_gone && asker.is_gone()) {
    throw HttpProblem(499, "client_gone", "the client went away");
  }
}

/// True once the outcome is there; false at `until`. Throws HttpProblem if the asker is gone.
bool WaitFor(const Batcher::Ticket& ticket, Clock::time_point until, const Asker& asker) {
  while (!ticket.WaitUntil(std::min(until, Clock::now() + kLook))) {
    RequireAsker(asker);
    if (Clock::now() >= until) {
      return false;
    }
  }
  return true;
}

void Await(const Batcher::Ticket& ticket, Clock::time_point until, const Asker& asker) {
  if (!WaitFor(ticket, until, asker)) {
    throw HttpProblem(504, "timeout", "no answer in time (timeout_ms)");
  }
}

/// The lines of a text that are records: blank ones do not count, as in `batch`.
std::vector<Line> SplitLines(std::string_view text) {
  std::vector<Line> lines;
  text = WithoutByteOrderMark(text);
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) {
      line.remove_suffix(1);
    }
    if (line.find_first_not_of(" \t\r") != std::string_view::npos) {
      lines.push_back({.text = std::string(line), .number = number});
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

}  // namespace

/// Records of one request on their way: some ahead are in the batcher, results come in order.
class Answering::Run {
 public:
  Run(Answering& answering, const ApiOptions& options, std::vector<Line> lines, Asker asker)
      : answering_(answering),
        served_(answering.models_.Find(options.model)),
        api_(options),
        options_(answering.OptionsFor(options, *served_.model)),
        lines_(std::move(lines)),
        asker_(std::move(asker)) {
    format_.offsets = options.offsets;
    Fill();
    // Some of the lines may need no place in the queue.
    if (pending_.empty() && !lines_.empty()) {
      RefuseFull();
    }
  }

  /// The next record; nothing at the end. `is_late` is set if it did not come in time.
  std::optional<std::string> Next(bool& is_late) {
    while (pending_.empty()) {
      if (next_line_ == lines_.size()) {
        return std::nullopt;
      }
      RequireAsker(asker_);
      std::this_thread::sleep_for(kPause);
      Fill();
    }
    Pending pending = std::move(pending_.front());
    pending_.pop_front();
    if (pending.ticket) {
      is_late = !WaitFor(*pending.ticket, pending.until, asker_);
      TakeOutcome(pending, is_late);
    }
    Fill();
    return FormatRecord(pending.output, format_);
  }

  /// False if it broke off: the client is gone, or there is no memory.
  bool WriteAll(const ByteSink& write) {
    try {
      bool is_late = false;
      while (const auto record = Next(is_late)) {
        if (!write(*record)) {
          return false;
        }
      }
      return true;
    } catch (const std::exception&) {
      return false;
    }
  }

 private:
  struct Pending {
    StreamOutput output;
    std::optional<Batcher::Ticket> ticket;
    Clock::time_point until;
  };

  /// Hands records to the batcher, but no more than a share of its queue.
  void Fill() {
    constexpr std::size_t kAhead = 64;
    while (pending_.size() < kAhead && next_line_ < lines_.size()) {
      const Line& line = lines_[next_line_];
      const KeepFields keep = api_.keep_fields ? KeepFields::kYes : KeepFields::kNo;
      StreamInput input = MakeStreamInput(ParseRecord(line, keep, line.text.size()));
      Pending pending;
      if (input.error) {
        pending.output = {std::move(input.request), std::move(*input.error)};
        answering_.Count(pending.output.outcome, nullptr);
      } else {
        pending.output.request.payload = input.request.payload;
        pending.ticket =
            answering_.batcher_.Submit(served_.model, std::move(input.request), options_);
        if (!pending.ticket) {
          return;
        }
        pending.until = answering_.UntilFor(api_);
      }
      lines_[next_line_].text = {};
      ++next_line_;
      pending_.push_back(std::move(pending));
    }
  }

  void TakeOutcome(Pending& pending, bool is_late) {
    if (is_late) {
      pending.output.outcome =
          RecordError{RecordErrorCode::kInternal, "no answer in time (timeout_ms)"};
      answering_.Count(pending.output.outcome, nullptr);
      return;
    }
    pending.output.outcome = pending.ticket->Take();
    pending.output.request = pending.ticket->TakeRequest();
    answering_.Count(pending.output.outcome, &pending.ticket->times());
  }

  Answering& answering_;
  const ServedModel& served_;
  ApiOptions api_;
  QaOptions options_;
  RecordFormat format_;
  std::vector<Line> lines_;
  Asker asker_;
  std::size_t next_line_ = 0;
  std::deque<Pending> pending_;
};

QaOptions Answering::OptionsFor(const ApiOptions& options, const Model& model) const {
  QaOptions resolved = options.answer.For(model);
  try {
    resolved.Validate(*model.tokenizer, *model.qa);
  } catch (const Error& error) {
    throw HttpProblem(422, "bad_option", InWordsOfTheApi(error.what()));
  }
  return resolved;
}

Clock::time_point Answering::UntilFor(const ApiOptions& options) const {
  return Clock::now() + (options.timeout.count() > 0 ? options.timeout : timeout_);
}

/// For the metrics. Without `times` the batcher did not see it.
void Answering::Count(const Batcher::Outcome& outcome, const AnswerTimes* times) {
  if (const auto* error = std::get_if<RecordError>(&outcome)) {
    metrics_.CountQuestion(std::string(RecordErrorName(error->code)));
  } else {
    metrics_.CountQuestion(std::get<QaResult>(outcome).has_answer() ? "answer" : "no_answer");
  }
  if (times != nullptr) {
    metrics_.ObserveStage("queue", times->queue);
    metrics_.ObserveStage("tokenize", times->tokenize);
    metrics_.ObserveStage("encode", times->encode);
    metrics_.ObserveStage("decode", times->decode);
  }
}

HttpResponse Answering::Answer(ApiQuestion question, const Asker& asker) {
  const ServedModel& served = models_.Find(question.options.model);
  const QaOptions options = OptionsFor(question.options, *served.model);
  const auto until = UntilFor(question.options);
  auto ticket = batcher_.Submit(served.model, std::move(question.request), options);
  if (!ticket) {
    RefuseFull();
  }
  Await(*ticket, until, asker);
  StreamOutput output{{}, ticket->Take()};
  output.request = ticket->TakeRequest();
  Count(output.outcome, &ticket->times());
  if (const auto* error = std::get_if<RecordError>(&output.outcome)) {
    throw HttpProblem(*error);
  }
  RecordFormat format;
  format.offsets = question.options.offsets;
  format.files = std::move(question.files);
  return JsonResponse(FormatRecord(output, format));
}

HttpResponse Answering::Inspect(ApiQuestion question, const Asker& asker) {
  const ServedModel& served = models_.Find(question.options.model);
  const QaOptions options = OptionsFor(question.options, *served.model);
  const auto until = UntilFor(question.options);
  // The work may still go on when nobody waits for it any more.
  struct Work {
    ApiQuestion question;
    std::string json;
    std::optional<Error> error;
  };
  const auto work = std::make_shared<Work>(Work{std::move(question), {}, {}});
  auto ticket = batcher_.SubmitTask([work, model = served.model, options] {
    try {
      const Inspection inspection = QaPipeline(model, options).Inspect(work->question.request);
      work->json =
          FormatInspectionJson(work->question.request, inspection, work->question.options.offsets);
    } catch (const Error& error) {
      work->error = error;
    }
  });
  if (!ticket) {
    RefuseFull();
  }
  Await(*ticket, until, asker);
  const Batcher::Outcome outcome = ticket->Take();
  if (const auto* error = std::get_if<RecordError>(&outcome)) {
    throw HttpProblem(*error);
  }
  if (work->error) {
    const bool is_usage = work->error->code() == ErrorCode::kUsage;
    throw HttpProblem(is_usage ? 422 : 500, is_usage ? "empty_question" : "internal",
                      work->error->what());
  }
  return JsonResponse(std::move(work->json));
}

HttpResponse Answering::AnswerList(ApiRecords records, const Asker& asker) {
  std::vector<Line> lines;
  lines.reserve(records.records.size());
  for (std::string& record : records.records) {
    lines.push_back({.text = std::move(record), .number = lines.size() + 1});
  }
  Run run(*this, records.options, std::move(lines), asker);
  std::string json = "{\"records\":[";
  bool is_late = false;
  for (bool is_first = true; auto record = run.Next(is_late); is_first = false) {
    if (is_late) {
      throw HttpProblem(504, "timeout", "no answer in time (timeout_ms)");
    }
    record->pop_back();  // its line end
    json += (is_first ? "" : ",") + *record;
  }
  return JsonResponse(json + "]}\n");
}

HttpResponse Answering::AnswerLines(const ApiOptions& options, std::string_view body,
                                    const Asker& asker) {
  const auto run = std::make_shared<Run>(*this, options, SplitLines(body), asker);
  HttpResponse response;
  response.headers = {{"Content-Type", "application/x-ndjson"}};
  response.stream = [run](const ByteSink& write) { return run->WriteAll(write); };
  return response;
}

}  // namespace bertqa
