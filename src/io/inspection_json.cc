#include <string_view>

#include "io/decode_marks.h"
#include "io/inspection_writer.h"
#include "io/json_object.h"
#include "io/json_text.h"
#include "io/record_writer.h"

namespace bertqa {
namespace {

std::string_view SegmentName(Segment segment) {
  switch (segment) {
    case Segment::kQuestion:
      return "question";
    case Segment::kContext:
      return "context";
    case Segment::kSpecial:
      break;
  }
  return "special";
}

/// Writes one inspection. Keeps a converter for each text: the tokens ascend in all of them.
class InspectionWriter {
 public:
  InspectionWriter(const QaRequest& request, const Inspection& inspection, OffsetUnit unit)
      : inspection_(inspection),
        question_(request.question, unit),
        names_documents_(request.documents.size() > 1) {
    documents_.reserve(request.documents.size());
    for (const std::string& document : request.documents) {
      documents_.emplace_back(document, unit);
    }
  }

  std::string Write() {
    std::string json;
    ObjectWriter object(json);
    const QaResult& joint = inspection_.joint;
    object.Member("answer", joint.has_answer() ? JsonString(joint.answers.front().text) : "null");
    object.Member("joint", Decode(joint));
    object.Member("independent", Decode(inspection_.independent));
    object.Member("differ", DecodesDiffer(inspection_) ? "true" : "false");
    object.Member("windows", FormatList(inspection_.windows, [&](const InspectedWindow& window) {
                    return FormatWindow(window);
                  }));
    object.Member("tokens", FormatList(inspection_.tokens,
                                       [&](const InspectedToken& token) { return Token(token); }));
    object.Close();
    return json + "\n";
  }

 private:
  void NameDocument(ObjectWriter& object, std::size_t document_index) const {
    if (names_documents_) {
      object.Member("document", std::to_string(document_index));
    }
  }

  std::string Decode(const QaResult& result) {
    std::string json;
    ObjectWriter object(json);
    if (result.has_answer()) {
      const Answer& answer = result.answers.front();
      const ByteSpan span = documents_[answer.document_index].FromBytes(answer.span);
      object.Member("answer", JsonString(answer.text));
      NameDocument(object, answer.document_index);
      object.Member("start", std::to_string(span.begin));
      object.Member("end", std::to_string(span.end));
      object.Member("probability", NumberText(answer.probability));
      object.Member("logit", NumberText(answer.logit));
    } else {
      for (const std::string_view key : {"answer", "start", "end", "probability", "logit"}) {
        object.Member(key, "null");
      }
      object.Member("reason", JsonString(NoAnswerReasonName(result.no_answer_reason)));
    }
    object.Close();
    return json;
  }

  std::string FormatWindow(const InspectedWindow& window) const {
    std::string json;
    ObjectWriter object(json);
    NameDocument(object, window.document_index);
    object.Member("first_token", std::to_string(window.first_token));
    object.Member("last_token", std::to_string(window.last_token));
    object.Close();
    return json;
  }

  std::string Token(const InspectedToken& token) {
    std::string json;
    ObjectWriter object(json);
    object.Member("token", JsonString(token.piece));
    object.Member("id", std::to_string(token.id));
    if (token.span) {
      OffsetConverter& text =
          token.segment == Segment::kQuestion ? question_ : documents_[token.document_index];
      const ByteSpan span = text.FromBytes(*token.span);
      object.Member("start", std::to_string(span.begin));
      object.Member("end", std::to_string(span.end));
    } else {
      object.Member("start", "null");
      object.Member("end", "null");
    }
    object.Member("segment", JsonString(SegmentName(token.segment)));
    NameDocument(object, token.document_index);
    object.Member("window", std::to_string(token.window_index));
    object.Member("start_logit", NumberText(token.start_logit));
    object.Member("end_logit", NumberText(token.end_logit));
    object.Member("start_probability", NumberText(token.start_probability));
    object.Member("end_probability", NumberText(token.end_probability));
    object.Close();
    return json;
  }

  const Inspection& inspection_;
  OffsetConverter question_;
  std::vector<OffsetConverter> documents_;
  bool names_documents_;
};

}  // namespace

std::string FormatInspectionJson(const QaRequest& request, const Inspection& inspection,
                                 OffsetUnit unit) {
  return InspectionWriter(request, inspection, unit).Write();
}

}  // namespace bertqa
