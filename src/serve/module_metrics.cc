#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <string>

#include "serve/module_parts.h"

namespace bertqa {
namespace {

using prometheus::BuildCounter;
using prometheus::BuildGauge;
using prometheus::BuildHistogram;
using prometheus::Histogram;

/// Seconds: from a tenth of a millisecond, which decoding takes, to a long text's half minute.
const Histogram::BucketBoundaries& SecondsBuckets() {
  static const Histogram::BucketBoundaries buckets = {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005,
                                                      0.01,   0.025,   0.05,   0.1,   0.25,   0.5,
                                                      1,      2.5,     5,      10,    30};
  return buckets;
}

class PrometheusMetrics final : public ServeMetrics {
 public:
  explicit PrometheusMetrics(const std::string& version) {
    BuildGauge()
        .Name("bertqa_build_info")
        .Help("The program's version; always 1")
        .Register(registry_)
        .Add({{"version", version}})
        .Set(1);
  }

  void CountRequest(const std::string& route, int status, double seconds) override {
    requests_.Add({{"route", route}, {"status", std::to_string(status)}}).Increment();
    request_seconds_.Add({{"route", route}}, SecondsBuckets()).Observe(seconds);
  }

  void ObserveStage(const std::string& stage, double seconds) override {
    stage_seconds_.Add({{"stage", stage}}, SecondsBuckets()).Observe(seconds);
  }

  void ObserveBatch(std::size_t windows, std::size_t tokens, double fill) override {
    windows_.Increment(static_cast<double>(windows));
    tokens_.Increment(static_cast<double>(tokens));
    batch_fill_.Observe(fill);
  }

  void CountQuestion(const std::string& outcome) override {
    questions_.Add({{"outcome", outcome}}).Increment();
  }

  void SetQueueLength(std::size_t questions) override {
    queue_length_.Set(static_cast<double>(questions));
  }

  void SetConnections(std::size_t open) override { connections_.Set(static_cast<double>(open)); }

  void AddModel(const std::map<std::string, std::string>& labels) override {
    models_.Add({labels.begin(), labels.end()}).Set(1);
  }

  std::string Text() override {
    return prometheus::TextSerializer().Serialize(registry_.Collect());
  }

 private:
  prometheus::Registry registry_;
  prometheus::Family<prometheus::Counter>& requests_ =
      BuildCounter()
          .Name("bertqa_requests_total")
          .Help("Requests answered, by route and status")
          .Register(registry_);
  prometheus::Family<Histogram>& request_seconds_ = BuildHistogram()
                                                        .Name("bertqa_request_duration_seconds")
                                                        .Help("From a request's head to its answer")
                                                        .Register(registry_);
  prometheus::Family<Histogram>& stage_seconds_ =
      BuildHistogram()
          .Name("bertqa_stage_duration_seconds")
          .Help("Of a question: waiting in the queue, tokenizing, encoding, decoding")
          .Register(registry_);
  prometheus::Family<prometheus::Counter>& questions_ =
      BuildCounter()
          .Name("bertqa_questions_total")
          .Help("Questions by outcome: answer, no_answer, or an error's code")
          .Register(registry_);
  prometheus::Counter& windows_ = BuildCounter()
                                      .Name("bertqa_windows_total")
                                      .Help("Windows encoded")
                                      .Register(registry_)
                                      .Add({});
  prometheus::Counter& tokens_ = BuildCounter()
                                     .Name("bertqa_tokens_total")
                                     .Help("Tokens encoded, special tokens counted")
                                     .Register(registry_)
                                     .Add({});
  Histogram& batch_fill_ = BuildHistogram()
                               .Name("bertqa_batch_fill_ratio")
                               .Help("Tokens of a forward pass / the most that it may have")
                               .Register(registry_)
                               .Add({}, Histogram::BucketBoundaries{0.05, 0.1, 0.2, 0.3, 0.4, 0.5,
                                                                    0.6, 0.7, 0.8, 0.9, 1});
  prometheus::Gauge& queue_length_ = BuildGauge()
                                         .Name("bertqa_queue_length")
                                         .Help("Questions that wait or are being answered")
                                         .Register(registry_)
                                         .Add({});
  prometheus::Gauge& connections_ =
      BuildGauge().Name("bertqa_connections").Help("Open connections").Register(registry_).Add({});
  prometheus::Family<prometheus::Gauge>& models_ =
      BuildGauge().Name("bertqa_model_info").Help("A served model; always 1").Register(registry_);
};

}  // namespace

std::unique_ptr<ServeMetrics> MakePrometheusMetrics(const std::string& version) {
  return std::make_unique<PrometheusMetrics>(version);
}

}  // namespace bertqa
