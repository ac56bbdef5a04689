// Asks the bundled model one question about one text, with the installed library:
//   cmake -S examples/ask -B build/ask -DCMAKE_PREFIX_PATH=PREFIX
//   cmake --build build/ask
//   build/ask/ask "Where is the tower?" "The tower is in Paris."
#include <bertqa/error.h>
#include <bertqa/pipeline.h>

#include <cstdio>
#include <memory>

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: ask QUESTION TEXT\n");
    return 2;
  }
  try {
    auto model =
        std::make_shared<const bertqa::Model>(bertqa::LoadModel(MODELS_DIR "/minilm-l6-squad"));
    const bertqa::QaPipeline pipeline(model, bertqa::QaOptions());
    const bertqa::QaResult result = pipeline.Ask({argv[1], {argv[2]}, {}});
    if (!result.has_answer()) {
      return 1;
    }
    const bertqa::Answer& answer = result.answers.front();
    std::printf("%s\t%zu\t%zu\t%.2f\n", answer.text.c_str(), answer.span.begin, answer.span.end,
                answer.probability);
  } catch (const bertqa::Error& error) {
    std::fprintf(stderr, "ask: %s\n", error.what());
    return 3;
  }
}
