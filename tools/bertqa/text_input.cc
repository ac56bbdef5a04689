#include "text_input.h"

#include <unistd.h>

#include <algorithm>

#include "base/files.h"
#include "base/utf8.h"
#include "bertqa/error.h"

namespace bertqa::cli {
namespace {

std::string ReadText(const std::string& file) {
  const std::string name = file == "-" ? "standard input" : file;
  const std::string bytes = file == "-" ? ReadDescriptor(STDIN_FILENO, name) : ReadFileOrPipe(file);
  RequireUtf8(bytes, name);
  return std::string(WithoutByteOrderMark(bytes));
}

}  // namespace

void AddTextOptions(CLI::App& app, TextOptions& options) {
  app.add_option("FILE", options.files,
                 "Files to search (- is standard input, also the default); the best answer over "
                 "all of them wins")
      ->type_name("");
  app.add_option("-c,--context", options.context, "The text to search")->type_name("TEXT");
  app.add_option("--context-file", options.context_files, "The same as a FILE")
      ->allow_extra_args(false)  // what follows is a FILE
      ->type_name("PATH");
}

Documents ReadDocuments(const TextOptions& options) {
  std::vector<std::string> files = options.context_files;
  files.insert(files.end(), options.files.begin(), options.files.end());
  if (options.context && !files.empty()) {
    throw Error(ErrorCode::kUsage, "--context and FILEs: the text comes from one of them");
  }
  if (options.context) {
    RequireUtf8(*options.context, "--context");
    return {{}, {*options.context}};
  }
  if (files.empty()) {
    if (::isatty(STDIN_FILENO) == 1) {
      throw Error(ErrorCode::kUsage,
                  "no text: give --context TEXT, FILEs, or a text on standard input");
    }
    return {{}, {ReadText("-")}};
  }
  if (std::count(files.begin(), files.end(), "-") > 1) {
    throw Error(ErrorCode::kUsage, "standard input (-) is named twice");
  }
  Documents documents;
  documents.names = files;
  for (const std::string& file : files) {
    documents.texts.push_back(ReadText(file));
  }
  return documents;
}

void CheckQuestion(const std::string& question) {
  RequireUtf8(question, "--question");
  if (question.find_first_not_of(" \t\r\n") == std::string::npos) {
    throw Error(ErrorCode::kUsage, "--question: the question is empty");
  }
}

}  // namespace bertqa::cli
