#include "io/training_reader.h"

#include <gtest/gtest.h>

#include <random>

#include "bertqa/error.h"
#include "io/json_text.h"
#include "io/random_text.h"

namespace bertqa {
namespace {

/// "code: message" of what is thrown.
std::string ProblemOf(std::string_view text) {
  try {
    ParseTrainingData(text, "t.json");
  } catch (const Error& error) {
    return std::string(error.code() == ErrorCode::kBadUtf8     ? "utf8: "
                       : error.code() == ErrorCode::kMalformed ? "malformed: "
                                                               : "other: ") +
           error.what();
  }
  return "no error";
}

/// A SQuAD document with one question (its members but id and question) over "Zoë is in Paris."
std::string Squad(const std::string& members) {
  return R"({"version":"v2.0","data":[{"paragraphs":[{"context":"Zoë is in Paris.","qas":[)"
         R"({"id":"a","question":"q")" +
         members + "}]}]}]}";
}

/// One record of JSONL over the same context.
std::string Record(const std::string& members) {
  return R"({"id":"a","question":"q","context":"Zoë is in Paris.")" + members + "}\n";
}

/// The reason for which the one question of `text` is skipped.
std::string ReasonOf(const std::string& text) {
  const TrainingData data = ParseTrainingData(text, "t.json");
  if (data.skipped.size() != 1 || !data.examples.empty()) {
    return "not skipped";
  }
  EXPECT_EQ(data.skipped[0].id, "a");
  return data.skipped[0].reason;
}

/// The one answer of `text`, "-" if it is unanswerable.
std::string AnswerOf(const std::string& text) {
  const TrainingData data = ParseTrainingData(text, "t.json");
  if (data.examples.size() != 1 || !data.skipped.empty()) {
    return data.skipped.empty() ? "no example" : "skipped: " + data.skipped[0].reason;
  }
  const TrainingExample& example = data.examples[0];
  return example.answer ? example.context->substr(example.answer->begin,
                                                  example.answer->end - example.answer->begin)
                        : "-";
}

TEST(ParseTrainingDataTest, ReadsSquadAndSharesContexts) {
  const TrainingData data = ParseTrainingData(R"({"version":"1.1","data":[{"paragraphs":[
    {"context":"Zoë is in Paris.","qas":[
      {"id":"1","question":"Who?","answers":[{"text":"Zoë","answer_start":0}]},
      {"id":"2","question":"Where?","answers":[{"text":"Paris","answer_start":10}]}]},
    {"context":"Four.","qas":[{"id":"3","question":"Six?","answers":[],"is_impossible":true}]}
    ]}]})",
                                              "t.json");
  ASSERT_EQ(data.examples.size(), 3U);
  EXPECT_TRUE(data.skipped.empty());
  EXPECT_EQ(data.examples[0].id, "1");
  EXPECT_EQ(data.examples[1].question, "Where?");
  EXPECT_EQ(data.examples[0].answer, (ByteSpan{0, 4}));
  EXPECT_EQ(data.examples[1].answer, (ByteSpan{11, 16}));
  EXPECT_EQ(data.examples[2].answer, std::nullopt);
  EXPECT_EQ(data.examples[0].context, data.examples[1].context);
  EXPECT_EQ(*data.examples[2].context, "Four.");
}

TEST(ParseTrainingDataTest, ReadsJsonlAndSharesContextsOfNeighbours) {
  const TrainingData data = ParseTrainingData(
      R"({"id":7,"question":"Who?","context":"Zoë is in Paris.","answer_start":0,"answer_text":"Zoë"})"
      "\r\n\n"
      R"({"question":"Where?","context":"Zoë is in Paris.","answer_start":10,"answer_text":"Paris"})"
      "\n"
      R"({"id":"x","question":"Six?","context":"Four.","answer_start":null,"answer_text":null})",
      "t.jsonl");
  ASSERT_EQ(data.examples.size(), 3U);
  EXPECT_EQ(data.examples[0].id, "7");
  EXPECT_EQ(data.examples[1].id, "line 3");
  EXPECT_EQ(data.examples[2].id, "x");
  EXPECT_EQ(data.examples[0].answer, (ByteSpan{0, 4}));
  EXPECT_EQ(data.examples[1].answer, (ByteSpan{11, 16}));
  EXPECT_EQ(data.examples[2].answer, std::nullopt);
  EXPECT_EQ(data.examples[0].context, data.examples[1].context);
}

TEST(ParseTrainingDataTest, SkipsAByteOrderMark) {
  const std::string mark = "\xEF\xBB\xBF";
  EXPECT_EQ(AnswerOf(mark + Squad(R"(,"answers":[{"text":"Paris","answer_start":10}])")), "Paris");
  EXPECT_EQ(AnswerOf(mark + Record(R"(,"answer_text":"Paris","answer_start":10)")), "Paris");
}

TEST(ParseTrainingDataTest, NothingIsNoExample) {
  EXPECT_TRUE(ParseTrainingData("", "t").examples.empty());
  EXPECT_TRUE(ParseTrainingData("\n \r\n", "t").examples.empty());
  EXPECT_TRUE(ParseTrainingData(R"({"data":[]})", "t").examples.empty());
}

TEST(ParseTrainingDataTest, FirstAnswerAtItsOffsetCounts) {
  EXPECT_EQ(AnswerOf(Squad(R"(,"answers":[{"text":"Zoe","answer_start":0},)"
                           R"({"text":"in Paris","answer_start":7},)"
                           R"({"text":"Paris","answer_start":10}])")),
            "in Paris");
  EXPECT_EQ(AnswerOf(Squad(R"(,"answers":[{"text":"Paris"},{"text":"Paris","answer_start":10}])")),
            "Paris");
}

TEST(ParseTrainingDataTest, KnowsTheUnanswerable) {
  EXPECT_EQ(AnswerOf(Squad(R"(,"answers":[])")), "-");
  EXPECT_EQ(AnswerOf(Squad(R"(,"is_impossible":true)")), "-");
  EXPECT_EQ(AnswerOf(Squad(R"(,"is_impossible":true,"answers":[{"text":"no","answer_start":3}])")),
            "-");
  EXPECT_EQ(AnswerOf(Record("")), "-");
  EXPECT_EQ(AnswerOf(Record(R"(,"answer_text":null)")), "-");
  EXPECT_EQ(AnswerOf(Record(R"(,"is_impossible":true,"answer_text":"no","answer_start":3)")), "-");
  EXPECT_EQ(AnswerOf(Record(R"(,"is_impossible":false,"answer_text":"is","answer_start":4)")),
            "is");
}

TEST(ParseTrainingDataTest, OffsetMayBeWrittenWithAPoint) {
  EXPECT_EQ(AnswerOf(Record(R"(,"answer_text":"Paris","answer_start":10.0)")), "Paris");
  EXPECT_EQ(AnswerOf(Squad(R"(,"answers":[{"text":"Paris","answer_start":1e1}])")), "Paris");
}

TEST(ParseTrainingDataTest, AnswersThatAreElsewhereAreSkippedWithAReason) {
  const auto both = [](const std::string& text, const std::string& start) {
    const std::string squad =
        ReasonOf(Squad(R"(,"answers":[{"text":")" + text + R"(","answer_start":)" + start + "}]"));
    EXPECT_EQ(squad,
              ReasonOf(Record(R"(,"answer_text":")" + text + R"(","answer_start":)" + start)));
    return squad;
  };
  EXPECT_EQ(both("Paris", "3"), R"(answer "Paris" is expected at 3, found " is i")");
  EXPECT_EQ(both("Paris", "11"), R"(answer "Paris" is expected at 11, found "aris.")");
  EXPECT_EQ(both("Paris.!", "10"), R"(answer "Paris.!" is expected at 10, found "Paris.")");
  EXPECT_EQ(both("Paris", "16"),
            R"(answer "Paris" is expected at 16, the context has 16 characters)");
  EXPECT_EQ(both("Paris", "400"),
            R"(answer "Paris" is expected at 400, the context has 16 characters)");
  EXPECT_EQ(both("Paris", "-1"), R"(answer "Paris" is expected at -1, offsets begin at 0)");
  EXPECT_EQ(both("Paris", "null"), R"(answer "Paris" is expected at its offset, found none)");
  EXPECT_EQ(both("", "0"), "an answer is expected, its text is empty");
  EXPECT_EQ(
      both(std::string(100, 'x'), "0"),
      "answer \"" + std::string(60, 'x') + R"(…" is expected at 0, found "Zoë is in Paris.")");
}

TEST(ParseTrainingDataTest, IncompleteLabelsAreSkippedWithAReason) {
  EXPECT_EQ(ReasonOf(Squad("")), R"("answers" is expected, found none)");
  EXPECT_EQ(ReasonOf(Squad(R"(,"answers":[{"text":"Zoe","answer_start":0},{"text":""}])")),
            R"(answer "Zoe" is expected at 0, found "Zoë")");
  EXPECT_EQ(ReasonOf(Record(R"(,"answer_text":"Zoë")")),
            R"(answer "Zoë" is expected at its offset, found none)");
  EXPECT_EQ(ReasonOf(Record(R"(,"answer_start":3)")),
            R"(an answer is expected at 3, "answer_text" is missing)");
}

TEST(ParseTrainingDataTest, BrokenSquadIsRefused) {
  EXPECT_EQ(ProblemOf("{\"data\":[\n{"), "malformed: t.json: not valid JSON at byte 11");
  const std::string place = "malformed: t.json: document.data[0].paragraphs[0].qas[0]";
  EXPECT_EQ(ProblemOf(Squad(R"(,"answers":[{"text":"x","answer_start":"3"}])")),
            place + ".answers[0].answer_start: is string, a whole number is expected");
  EXPECT_EQ(ProblemOf(Squad(R"(,"answers":[{"text":"x","answer_start":0.5}])")),
            place + ".answers[0].answer_start: is 0.5, a whole number is expected");
  EXPECT_EQ(ProblemOf(Squad(R"(,"answers":[{"text":1,"answer_start":3}])")),
            place + ".answers[0].text: is number, a string is expected");
  EXPECT_EQ(ProblemOf(Squad(R"(,"answers":"x")")),
            place + ".answers: is string, a list is expected");
  EXPECT_EQ(ProblemOf(Squad(R"(,"is_impossible":"no")")),
            place + ".is_impossible: is string, a boolean is expected");
  EXPECT_EQ(ProblemOf("{\"data\":\n[\"\xFF\"]}"), "utf8: t.json: invalid UTF-8 at byte 11");
}

TEST(ParseTrainingDataTest, BrokenJsonlIsRefusedWithItsLine) {
  const std::string good = Record("");
  EXPECT_EQ(ProblemOf(good + "\n{\"question\":\n"),
            "malformed: t.json: line 3: not valid JSON at byte 12");
  EXPECT_EQ(ProblemOf(good + "[1]"),
            "malformed: t.json: line 2: the line is a list, an object is expected");
  EXPECT_EQ(ProblemOf(good + R"({"question":"q"})"), R"(malformed: t.json: line 2: no "context")");
  EXPECT_EQ(ProblemOf(Record(R"(,"answer_start":"3","answer_text":"x")")),
            R"(malformed: t.json: line 1: "answer_start" is a string, a whole number is expected)");
  EXPECT_EQ(ProblemOf(Record(R"(,"answer_start":0.5,"answer_text":"x")")),
            R"(malformed: t.json: line 1: "answer_start" is 0.5, a whole number is expected)");
  EXPECT_EQ(ProblemOf(Record(R"(,"answer_start":3,"answer_text":["x"])")),
            R"(malformed: t.json: line 1: "answer_text" is a list, a string is expected)");
  EXPECT_EQ(ProblemOf(Record(R"(,"is_impossible":1)")),
            R"(malformed: t.json: line 1: "is_impossible" is a number, a boolean is expected)");
  EXPECT_EQ(ProblemOf(good + "{\"question\":\"\xC3\"}"),
            "utf8: t.json: line 2: invalid UTF-8 at byte 13");
  EXPECT_EQ(ProblemOf(good + R"({"question":"\ud800"})"),
            R"(utf8: t.json: line 2: lone surrogate escape \ud800 at byte 13)");
}

TEST(ParseTrainingDataTest, OffsetsCountCodePointsOfAnyText) {
  const unsigned seed = 17;
  std::mt19937 random(seed);
  std::string lines;
  std::vector<std::string> answers;
  for (int round = 0; round < 300; ++round) {
    const std::u32string context = RandomCharacters(random, 1 + random() % 80);
    const std::size_t begin = random() % context.size();
    const std::u32string answer = context.substr(begin, 1 + random() % 10);
    answers.push_back(ToUtf8(answer));
    lines += R"({"question":"q","context":)" + JsonString(ToUtf8(context)) + R"(,"answer_text":)" +
             JsonString(ToUtf8(answer)) + R"(,"answer_start":)" + std::to_string(begin) + "}\n";
  }
  const TrainingData data = ParseTrainingData(lines, "t.jsonl");
  ASSERT_EQ(data.examples.size(), answers.size()) << "seed " << seed;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const auto [begin, end] = *data.examples[i].answer;
    ASSERT_EQ(data.examples[i].context->substr(begin, end - begin), answers[i])
        << "seed " << seed << ", line " << i + 1;
  }
}

}  // namespace
}  // namespace bertqa
