#include "serve/served_models.h"

#include "bertqa/answer_options.h"
#include "io/json_object.h"
#include "serve/problem.h"

namespace bertqa {
namespace {

std::string FormatModel(const ServedModel& served, bool is_default) {
  const Model& model = *served.model;
  const ComputeInfo compute = model.qa->compute_info();
  std::string json;
  ObjectWriter object(json);
  object.Member("name", JsonString(served.name));
  object.Member("default", is_default ? "true" : "false");
  object.Member("family", JsonString(served.family));
  object.Member("fingerprint", JsonString(served.fingerprint));
  object.Member("version", JsonString(served.version));
  object.Member("precision", JsonString(served.precision));
  object.Member("kernels", JsonString(compute.instruction_set));
  object.Member("window_tokens", std::to_string(AnswerOptions().For(model).windows.window_tokens));
  object.Member("max_window_tokens", std::to_string(model.qa->max_window_tokens()));
  object.Member("no_answer", model.defaults.no_answer ? "true" : "false");
  object.Member("null_threshold", NumberText(model.defaults.null_threshold));
  object.Member("temperature", NumberText(model.defaults.temperature));
  object.Close();
  return json;
}

}  // namespace

const ServedModel& ServedModels::Find(const std::string& name) const {
  std::string names;
  for (const ServedModel& served : models_) {
    if (name.empty() || served.name == name) {
      return served;
    }
    names += (names.empty() ? "" : ", ") + served.name;
  }
  throw HttpProblem(404, "unknown_model",
                    "no model is called " + JsonString(name) + "; there are " + names);
}

std::string ServedModels::FormatJson() const {
  return "{\"models\":" +
         FormatList(models_,
                    [&](const ServedModel& served) {
                      return FormatModel(served, &served == models_.data());
                    }) +
         "}\n";
}

}  // namespace bertqa
