// What surrounds the encoder: reading, tokenizing, decoding, writing; one question at a time.

#include <benchmark/benchmark.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "bertqa/decode.h"
#include "io/json_text.h"
#include "io/jsonl_reader.h"
#include "io/record_writer.h"
#include "io/squad_reader.h"
#include "text/wordpiece.h"

namespace bertqa {
namespace {

constexpr std::string_view kQuestion = "Which river does the old railway bridge at Kessel cross?";
constexpr std::string_view kParagraph =
    "The railway bridge at Kessel was opened on 14 May 1871, after six years of work that had cost "
    "nearly twice the 230,000 guilders set aside for it. Its nine iron spans, each of 48 metres, "
    "carry a single track over the Meuse some 11 metres above high water. During the flood of 1926 "
    "ice carried off the third pier; trains were turned back at Roermond for fourteen months, and "
    "passengers crossed by ferry. The engineer responsible for the repair, Johanna van der Velde, "
    "replaced the masonry with concrete caissons, a method that she had seen used on the Danube. "
    "Today about forty trains a day cross it, most of them freight, and the walkway along its "
    "north "
    "side is open to cyclists from April to October.";
constexpr std::string_view kAccents =
    "À la fin de l’été, l’évêque de Besançon reçut près de cinquante élèves; naïve Schüler aus "
    "Köln und Zürich fuhren über die Straße nach Málaga, où le café ‘El Ñandú’ était déjà fermé. ";

const Tokenizer& BundledTokenizer() {
  static const std::unique_ptr<Tokenizer> tokenizer =
      LoadWordPiece(BERTQA_MODELS_DIR "/minilm-l6-squad/vocab.txt", {});
  return *tokenizer;
}

/// The text `copies` times over; a second of it has a rate in bytes and, as items, in tokens.
void Tokenize(benchmark::State& state, std::string_view paragraph) {
  std::string text;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    text += paragraph;
  }
  std::size_t tokens = 0;
  for (auto _ : state) {
    const Encoding encoding = BundledTokenizer().Encode(text);
    tokens = encoding.size();
    benchmark::DoNotOptimize(encoding.ids.data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(tokens));
}
BENCHMARK_CAPTURE(Tokenize, english, kParagraph)->Arg(1)->Arg(1000);
BENCHMARK_CAPTURE(Tokenize, accents, kAccents)->Arg(1);

/// Logits as a model gives them: most low, a few high.
std::vector<float> MakeLogits(std::mt19937& random, std::size_t count) {
  std::normal_distribution<float> usual(-6, 2);
  std::vector<float> logits(count);
  for (float& logit : logits) {
    logit = usual(random);
  }
  logits[random() % count] = 6;
  return logits;
}

/// Arguments: context tokens of the one window, answers a question.
void Decode(benchmark::State& state) {
  constexpr std::size_t kMaxAnswerTokens = 30;
  std::mt19937 random(7);
  const auto tokens = static_cast<std::size_t>(state.range(0));
  const std::vector<float> start = MakeLogits(random, tokens);
  const std::vector<float> end = MakeLogits(random, tokens);
  const std::vector<WindowLogits> windows = {{0, {0, tokens, 0, tokens}, start, end, -8.0F}};
  for (auto _ : state) {
    const SpanDistribution distribution = ComputeDistribution(windows, kMaxAnswerTokens, 1);
    benchmark::DoNotOptimize(distribution.log_normaliser);
    const std::vector<TokenSpan> spans =
        BestSpans(windows, kMaxAnswerTokens, static_cast<std::size_t>(state.range(1)), Overlaps);
    benchmark::DoNotOptimize(spans.data());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(Decode)->Args({160, 1})->Args({160, 20})->Args({380, 1});

std::string MakeLine() {
  return "{\"id\": \"56be4db0acb8001400a502ec\", \"question\": " + JsonString(kQuestion) +
         ", \"context\": " + JsonString(kParagraph) + ", \"source\": [1, 2, 3]}";
}

void ReadRecord(benchmark::State& state) {
  const Line line{MakeLine(), 1, false};
  for (auto _ : state) {
    const StreamInput input = MakeStreamInput(ParseRecord(line, KeepFields::kNo, 1U << 20U));
    benchmark::DoNotOptimize(input.request.question.data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(line.text.size()));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(ReadRecord);

/// 100 paragraphs of five questions each; items are questions.
void ReadSquad(benchmark::State& state) {
  constexpr int kParagraphs = 100;
  constexpr int kQuestions = 5;
  const std::string question = R"({"id":"56be4db0","question":)" + JsonString(kQuestion) +
                               R"(,"answers":[{"text":"the Meuse","answer_start":213}]})";
  std::string paragraph = "{\"context\":" + JsonString(kParagraph) + ",\"qas\":[" + question;
  for (int i = 1; i < kQuestions; ++i) {
    paragraph += "," + question;
  }
  paragraph += "]}";
  std::string file = R"({"version":"1.1","data":[{"paragraphs":[)" + paragraph;
  for (int i = 1; i < kParagraphs; ++i) {
    file += "," + paragraph;
  }
  file += "]}]}";
  for (auto _ : state) {
    const SquadFile squad = ParseSquad(file, "bench");
    benchmark::DoNotOptimize(squad.examples.data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(file.size()));
  state.SetItemsProcessed(state.iterations() * kParagraphs * kQuestions);
}
BENCHMARK(ReadSquad)->Unit(benchmark::kMillisecond);

void WriteRecord(benchmark::State& state) {
  StreamOutput output;
  output.request.question = kQuestion;
  output.request.documents = {std::string(kParagraph)};
  RecordFields fields;
  fields.line = 12;
  fields.id_json = "\"56be4db0acb8001400a502ec\"";
  output.request.payload = fields;
  QaResult result;
  result.null_logit = -6.02F;
  result.null_probability = 0.0021F;
  const std::size_t begin = kParagraph.find("the Meuse");
  result.answers = {{"the Meuse", 0, {begin, begin + 9}, 0.9312F, 14.71F}};
  output.outcome = result;
  std::size_t bytes = 0;
  for (auto _ : state) {
    const std::string line = FormatRecord(output, {});
    bytes = line.size();
    benchmark::DoNotOptimize(line.data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(WriteRecord);

}  // namespace
}  // namespace bertqa

BENCHMARK_MAIN();
