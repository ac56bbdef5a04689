#include "text/sentencepiece_file.h"

#include <bit>
#include <cmath>
#include <unordered_set>

#include "base/utf8.h"
#include "bertqa/error.h"

namespace bertqa::spm {
namespace {

[[noreturn]] void Malformed(const std::string& name, const std::string& what) {
  throw Error(ErrorCode::kMalformed, name + ": expected a SentencePiece model, found " + what);
}

/// Reads the fields of one message of the protocol-buffer wire format.
class MessageReader {
 public:
  enum class Wire : std::uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

  MessageReader(std::string_view bytes, const std::string& name) : bytes_(bytes), name_(name) {}

  /// Goes to the next field; false at the end of the message.
  bool Next() {
    if (position_ == bytes_.size()) {
      return false;
    }
    const std::uint64_t key = ReadVarint();
    number_ = key >> 3U;
    wire_ = static_cast<Wire>(key & 7U);
    switch (wire_) {
      case Wire::kVarint:
        value_ = ReadVarint();
        return true;
      case Wire::kFixed64:
        value_ = ReadFixed(8);
        return true;
      case Wire::kFixed32:
        value_ = ReadFixed(4);
        return true;
      case Wire::kBytes:
        payload_ = Take(ReadVarint());
        return true;
    }
    Malformed(name_, "a field of an unknown kind (" + std::to_string(key & 7U) + ")");
  }

  bool Is(std::uint64_t number, Wire wire) const { return number_ == number && wire_ == wire; }
  std::uint64_t value() const { return value_; }
  float number() const { return std::bit_cast<float>(static_cast<std::uint32_t>(value_)); }
  std::string_view payload() const { return payload_; }

 private:
  std::string_view Take(std::uint64_t size) {
    if (size > bytes_.size() - position_) {
      Malformed(name_, "the end of the data inside a field (" + std::to_string(size) +
                           " bytes are wanted, " + std::to_string(bytes_.size() - position_) +
                           " are left)");
    }
    const std::string_view taken = bytes_.substr(position_, size);
    position_ += taken.size();
    return taken;
  }

  std::uint64_t ReadFixed(std::size_t size) {
    const std::string_view raw = Take(size);
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < size; ++i) {
      value |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(raw[i])) << (8 * i);
    }
    return value;
  }

  std::uint64_t ReadVarint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<std::uint8_t>(Take(1).front());
      value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
      if (byte < 0x80U) {
        return value;
      }
    }
    Malformed(name_, "a number of more than ten bytes");
  }

  std::string_view bytes_;
  const std::string& name_;
  std::size_t position_ = 0;
  std::uint64_t number_ = 0;
  Wire wire_ = Wire::kVarint;
  std::uint64_t value_ = 0;
  std::string_view payload_;
};

using Wire = MessageReader::Wire;

FilePiece ReadPiece(std::string_view message, const std::string& name, std::size_t id) {
  FilePiece piece;
  MessageReader reader(message, name);
  while (reader.Next()) {
    if (reader.Is(1, Wire::kBytes)) {
      piece.text = reader.payload();
    } else if (reader.Is(2, Wire::kFixed32)) {
      piece.score = reader.number();
    } else if (reader.Is(3, Wire::kVarint)) {
      if (reader.value() < 1 || reader.value() > 6) {
        Malformed(name, "piece " + std::to_string(id) + " of the unknown type " +
                            std::to_string(reader.value()));
      }
      piece.type = static_cast<PieceType>(reader.value());
    }
  }
  const std::string place = "piece " + std::to_string(id);
  if (piece.text.empty()) {
    Malformed(name, place + " without text");
  }
  if (FindInvalidUtf8(piece.text)) {
    Malformed(name, place + ", which is not UTF-8");
  }
  if (!std::isfinite(piece.score)) {
    Malformed(name, place + " with a score that is no number");
  }
  return piece;
}

void ReadTrainer(std::string_view message, const std::string& name, ModelFile& model) {
  MessageReader reader(message, name);
  while (reader.Next()) {
    if (reader.Is(3, Wire::kVarint)) {
      if (reader.value() != 1 && reader.value() != 2) {
        throw Error(ErrorCode::kUnsupported, name +
                                                 ": \"model_type\": expected 1 (Unigram) or 2 "
                                                 "(BPE), found " +
                                                 std::to_string(reader.value()));
      }
      model.type = static_cast<ModelType>(reader.value());
    } else if (reader.Is(24, Wire::kVarint) && reader.value() != 0) {
      throw Error(ErrorCode::kUnsupported,
                  name + ": \"treat_whitespace_as_suffix\": expected false, found true");
    } else if (reader.Is(40, Wire::kVarint)) {
      model.unknown_id = reader.value();
    }
  }
}

void ReadNormalizer(std::string_view message, const std::string& name, ModelFile& model) {
  MessageReader reader(message, name);
  while (reader.Next()) {
    if (reader.Is(2, Wire::kBytes)) {
      model.charsmap = reader.payload();
    }
  }
}

void CheckPieces(const ModelFile& model, const std::string& name) {
  if (model.pieces.empty()) {
    Malformed(name, "no pieces");
  }
  if (model.unknown_id >= model.pieces.size()) {
    Malformed(name, "\"unk_id\" " + std::to_string(model.unknown_id) + " with " +
                        std::to_string(model.pieces.size()) + " pieces");
  }
  if (model.pieces[model.unknown_id].type != PieceType::kUnknown) {
    Malformed(name, "\"unk_id\" " + std::to_string(model.unknown_id) +
                        ", which is not of the type \"unknown\"");
  }
  std::unordered_set<std::string_view> seen;
  seen.reserve(model.pieces.size());
  std::size_t bytes = 0;
  for (std::size_t id = 0; id < model.pieces.size(); ++id) {
    bytes += model.pieces[id].text.size();
    if (!seen.insert(model.pieces[id].text).second) {
      Malformed(name, "the piece \"" + std::string(model.pieces[id].text) +
                          "\" for a second time, at " + std::to_string(id));
    }
  }
  if (bytes > kMaxPieceBytes) {
    throw Error(ErrorCode::kUnsupported, name + ": expected pieces of at most " +
                                             std::to_string(kMaxPieceBytes) +
                                             " bytes together, found " + std::to_string(bytes));
  }
}

}  // namespace

ModelFile ReadModelFile(std::string_view bytes, const std::string& name) {
  ModelFile model;
  MessageReader reader(bytes, name);
  while (reader.Next()) {
    if (reader.Is(1, Wire::kBytes)) {
      model.pieces.push_back(ReadPiece(reader.payload(), name, model.pieces.size()));
    } else if (reader.Is(2, Wire::kBytes)) {
      ReadTrainer(reader.payload(), name, model);
    } else if (reader.Is(3, Wire::kBytes)) {
      ReadNormalizer(reader.payload(), name, model);
    }
  }
  CheckPieces(model, name);
  return model;
}

}  // namespace bertqa::spm
