#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "serve/api_request.h"
#include "serve/batcher.h"
#include "serve/module_interface.h"
#include "serve/served_models.h"

namespace bertqa {

/// Who waits for an answer.
struct Asker {
  std::function<bool()> is_gone = {};  ///< true: nobody waits any more; may be empty
};

/// Answers what requests ask, through the batcher.
/// Thread-safety: all functions may be called from several threads at once.
class Answering {
 public:
  /// All are shared with the caller, and outlive this. `timeout`: of a question whose request does
  /// not say.
  Answering(Batcher& batcher, const ServedModels& models, ServeMetrics& metrics,
            std::chrono::milliseconds timeout)
      : batcher_(batcher), models_(models), metrics_(metrics), timeout_(timeout) {}

  // All throw HttpProblem, also if the queue is full (429), the time is over (504), or the asker is
  // gone (499).
  /// A record, as `batch` writes it.
  HttpResponse Answer(ApiQuestion question, const Asker& asker);
  /// What `inspect --json` writes.
  HttpResponse Inspect(ApiQuestion question, const Asker& asker);
  /// {"records":[…]}, in order.
  HttpResponse AnswerList(ApiRecords records, const Asker& asker);
  /// JSON Lines for JSON Lines, each as soon as it and those before it are answered. Once lines
  /// flow, what goes wrong with a record is that record's error.
  HttpResponse AnswerLines(const ApiOptions& options, std::string_view body, const Asker& asker);

 private:
  class Run;

  QaOptions OptionsFor(const ApiOptions& options, const Model& model) const;
  Batcher::Clock::time_point UntilFor(const ApiOptions& options) const;
  void Count(const Batcher::Outcome& outcome, const AnswerTimes* times);

  Batcher& batcher_;
  const ServedModels& models_;
  ServeMetrics& metrics_;
  std::chrono::milliseconds timeout_;
};

}  // namespace bertqa
