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
  const std::string bytes = file == "-" ? ReadDescriptor(STDIN_FILENO, name) : ReadFile(file);
  RequireUtf8(bytes, name);
  return std::string(WithoutByteOrderMark(bytes));
}

}  // namespace

Documents ReadDocuments(const std::optional<std::string>& context,
                        const std::vector<std::string>& files) {
  if (context && !files.empty()) {
    throw Error(ErrorCode::kUsage, "--context and FILEs: the text comes from one of them");
  }
  if (context) {
    RequireUtf8(*context, "--context");
    return {{}, {*context}};
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
