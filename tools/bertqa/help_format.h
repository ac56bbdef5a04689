#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace bertqa::cli {

/// How `--help` looks: option, name of its value, then text with the default, within 80 columns.
class HelpFormat : public CLI::Formatter {
 public:
  std::string make_usage(const CLI::App* app, std::string name) const override;
  std::string make_description(const CLI::App* app) const override;
  std::string make_option_opts(const CLI::Option* option) const override;
  std::string make_option_desc(const CLI::Option* option) const override;
};

}  // namespace bertqa::cli
