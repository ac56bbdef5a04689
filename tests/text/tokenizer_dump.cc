// Prints the tokens of texts, for tools/compare_tokenizer.py:
//   tokenizer_dump [--time] VOCAB lowercase=0|1 strip_accents=0|1|null chinese=0|1 < texts
// and for tools/compare_sentencepiece.py:
//   tokenizer_dump [--time] MODEL_DIRECTORY family=NAME < texts
//   tokenizer_dump [--time] TOKENIZER_JSON|DIRECTORY < texts      (a folder with a vocab.json)
// stdin: for each text its length in bytes in decimal, a line break, the bytes. stdout: one line a
// text, `id:begin:end` for each token in byte offsets. --time prints seconds of Encode instead.

#include <cstdio>
#include <exception>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/stopwatch.h"
#include "text/bpe_files.h"
#include "text/sentencepiece_tokenizer.h"
#include "text/tokenizer_json.h"
#include "text/wordpiece.h"

namespace {

using bertqa::Encoding;
using bertqa::Tokenizer;
using bertqa::WordPieceConfig;

WordPieceConfig ParseConfig(const std::vector<std::string_view>& settings) {
  WordPieceConfig config;
  for (const std::string_view setting : settings) {
    const bool is_on = setting.ends_with("=1");
    if (setting.starts_with("lowercase=")) {
      config.lowercase = is_on;
    } else if (setting.starts_with("strip_accents=") && !setting.ends_with("null")) {
      config.strip_accents = is_on;
    } else if (setting.starts_with("chinese=")) {
      config.tokenize_chinese_chars = is_on;
    }
  }
  return config;
}

std::unique_ptr<const Tokenizer> Load(const std::vector<std::string_view>& arguments) {
  constexpr std::string_view kFamily = "family=";
  const std::filesystem::path path = arguments.front();
  if (arguments.size() == 2 && arguments[1].starts_with(kFamily)) {
    return bertqa::LoadSentencePiece(path, arguments[1].substr(kFamily.size()));
  }
  if (std::filesystem::is_directory(path)) {
    return bertqa::LoadByteLevelBpe(path);
  }
  if (path.extension() == ".json") {
    return bertqa::LoadTokenizerJson(path);
  }
  return bertqa::LoadWordPiece(path, ParseConfig({arguments.begin() + 1, arguments.end()}));
}

std::vector<std::string> ReadTexts(std::istream& in) {
  std::vector<std::string> texts;
  std::string length;
  while (std::getline(in, length)) {
    std::string text(std::stoul(length), '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    texts.push_back(std::move(text));
  }
  return texts;
}

void Print(const Encoding& encoding, std::string& line) {
  line.clear();
  for (std::size_t i = 0; i < encoding.size(); ++i) {
    line += std::to_string(encoding.ids[i]) + ':' + std::to_string(encoding.spans[i].begin) + ':' +
            std::to_string(encoding.spans[i].end) + ' ';
  }
  line += '\n';
  std::fwrite(line.data(), 1, line.size(), stdout);
}

void Time(const Tokenizer& tokenizer, const std::vector<std::string>& texts) {
  const bertqa::Stopwatch stopwatch;
  std::size_t tokens = 0;
  for (const std::string& text : texts) {
    tokens += tokenizer.Encode(text).size();
  }
  std::printf("%.6f %zu\n", stopwatch.seconds(), tokens);
}

int Run(std::vector<std::string_view> arguments) {
  const bool is_timed = !arguments.empty() && arguments.front() == "--time";
  if (is_timed) {
    arguments.erase(arguments.begin());
  }
  if (arguments.empty()) {
    std::fputs("usage: tokenizer_dump [--time] VOCAB [SETTING=VALUE …] < texts\n", stderr);
    return 2;
  }
  const auto tokenizer = Load(arguments);
  const std::vector<std::string> texts = ReadTexts(std::cin);
  if (is_timed) {
    Time(*tokenizer, texts);
    return 0;
  }
  std::string line;
  for (const std::string& text : texts) {
    Print(tokenizer->Encode(text), line);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return Run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tokenizer_dump: %s\n", error.what());
    return 4;
  }
}
