#include "help_format.h"

#include <algorithm>
#include <sstream>

namespace bertqa::cli {
namespace {

constexpr std::size_t kHelpColumns = 80;

/// Breaks lines between words. CLI11 indents what follows a line end.
std::string Wrap(const std::string& text, std::size_t columns) {
  std::istringstream words(text);
  std::string wrapped;
  std::size_t used = 0;
  for (std::string word; words >> word; used += word.size() + 1) {
    if (used > 0 && used + word.size() > columns) {
      wrapped.back() = '\n';
      used = 0;
    }
    wrapped += word + ' ';
  }
  return wrapped.substr(0, wrapped.size() - std::min<std::size_t>(wrapped.size(), 1));
}

}  // namespace

std::string HelpFormat::make_usage(const CLI::App* app, std::string name) const {
  return "\n" + CLI::Formatter::make_usage(app, std::move(name));
}

std::string HelpFormat::make_description(const CLI::App* app) const {
  return app->get_description() + "\n";
}

/// The value's name alone: CLI11 would add the ranges of its checks, the default, and more.
std::string HelpFormat::make_option_opts(const CLI::Option* option) const {
  if (option->get_type_size() == 0) {
    return "";
  }
  const std::string type = option->get_type_name();
  return " " + type.substr(0, type.find(':'));
}

std::string HelpFormat::make_option_desc(const CLI::Option* option) const {
  std::string text = option->get_description();
  if (option->get_type_size() > 0 && !option->get_default_str().empty()) {
    text += " [" + option->get_default_str() + "]";
  }
  if (option->get_required()) {
    text += " (required)";
  }
  return Wrap(text, kHelpColumns - get_column_width());
}

}  // namespace bertqa::cli
