#include "encoder/pickle_reader.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

#include "encoder/pickle_machine.h"

namespace bertqa {
namespace {

/// Reads opcodes and their arguments and lets the machine act on them.
class PickleParser {
 public:
  PickleParser(std::string_view bytes, const std::string& place) : rest_(bytes), machine_(place) {}

  /// Up to its STOP; what follows is left.
  PickleDocument Parse() {
    while (true) {
      const char opcode = Take(1)[0];
      if (opcode == '.') {
        return machine_.Finish();
      }
      if (!Constant(opcode) && !Number(opcode) && !Memo(opcode) && !Structure(opcode)) {
        machine_.FailUnsupported("opcode " + std::to_string(static_cast<unsigned char>(opcode)) +
                                 " is not one that PyTorch writes");
      }
    }
  }

  std::string_view rest() const { return rest_; }
  void RequireEnd() const {
    if (!rest_.empty()) {
      machine_.FailMalformed("bytes follow its end");
    }
  }

 private:
  std::string_view Take(std::size_t count) {
    if (count > rest_.size()) {
      machine_.FailMalformed("it is cut off");
    }
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }

  template <typename Integer>
  Integer TakeInteger() {  // little-endian
    Integer value = 0;
    std::memcpy(&value, Take(sizeof value).data(), sizeof value);
    return value;
  }

  std::string_view TakeLine() {
    const std::size_t end = rest_.find('\n');
    if (end == std::string_view::npos) {
      machine_.FailMalformed("it is cut off");
    }
    const std::string_view line = Take(end + 1);
    return line.substr(0, end);
  }

  std::int64_t TakeLong() {  // LONG1: two's complement, 0 to 8 bytes of it
    const auto count = TakeInteger<std::uint8_t>();
    if (count > 8) {
      machine_.FailMalformed("a whole number of " + std::to_string(count) + " bytes");
    }
    const std::string_view bytes = Take(count);
    std::uint64_t value =
        !bytes.empty() && (static_cast<unsigned char>(bytes.back()) & 0x80U) != 0 ? ~0ULL : 0ULL;
    std::memcpy(&value, bytes.data(), bytes.size());
    return static_cast<std::int64_t>(value);
  }

  double TakeDouble() {  // BINFLOAT is big-endian
    std::uint64_t bits = 0;
    for (const char byte : Take(8)) {
      bits = bits << 8U | static_cast<unsigned char>(byte);
    }
    return std::bit_cast<double>(bits);
  }

  bool Constant(char opcode) {
    switch (opcode) {
      case '\x80':  // PROTO
        if (TakeInteger<std::uint8_t>() > 2) {
          machine_.FailUnsupported("a pickle of protocol 2 is expected");
        }
        return true;
      case 'N':
        return machine_.Push(PickleNone{}), true;
      case '\x88':
        return machine_.Push(true), true;
      case '\x89':
        return machine_.Push(false), true;
      case 'X':  // BINUNICODE
        return machine_.Push(std::string(Take(TakeInteger<std::uint32_t>()))), true;
      case 'U':  // SHORT_BINSTRING, which Python 2 wrote for text
        return machine_.Push(std::string(Take(TakeInteger<std::uint8_t>()))), true;
      case 'c': {  // GLOBAL
        const std::string module(TakeLine());
        return machine_.PushGlobal(module + " " + std::string(TakeLine())), true;
      }
      default:
        return false;
    }
  }

  bool Number(char opcode) {
    switch (opcode) {
      case 'J':
        return machine_.Push(std::int64_t{TakeInteger<std::int32_t>()}), true;
      case 'K':
        return machine_.Push(std::int64_t{TakeInteger<std::uint8_t>()}), true;
      case 'M':
        return machine_.Push(std::int64_t{TakeInteger<std::uint16_t>()}), true;
      case '\x8a':
        return machine_.Push(TakeLong()), true;
      case 'G':
        return machine_.Push(TakeDouble()), true;
      default:
        return false;
    }
  }

  bool Memo(char opcode) {
    switch (opcode) {
      case 'q':
        return machine_.Memoize(TakeInteger<std::uint8_t>()), true;
      case 'r':
        return machine_.Memoize(TakeInteger<std::uint32_t>()), true;
      case 'h':
        return machine_.PushMemo(TakeInteger<std::uint8_t>()), true;
      case 'j':
        return machine_.PushMemo(TakeInteger<std::uint32_t>()), true;
      default:
        return false;
    }
  }

  bool Structure(char opcode) {
    switch (opcode) {
      case '(':
        return machine_.PushMark(), true;
      case ')':
      case ']':
        return machine_.Push(PickleSequence{}), true;
      case '}':
        return machine_.Push(PickleDict{}), true;
      case 't':
        return machine_.MakeTupleFromMark(), true;
      case '\x85':
      case '\x86':
      case '\x87':
        return machine_.MakeTuple(static_cast<unsigned char>(opcode) - 0x84U), true;
      case 'a':
        return machine_.Append(), true;
      case 'e':
        return machine_.AppendFromMark(), true;
      case 's':
        return machine_.SetItem(), true;
      case 'u':
        return machine_.SetItemsFromMark(), true;
      default:
        return Call(opcode);
    }
  }

  bool Call(char opcode) {
    switch (opcode) {
      case 'Q':
        return machine_.PersistentId(), true;
      case '\x81':
        return machine_.NewObject(), true;
      case 'b':
        return machine_.Build(), true;
      case 'R':
        return machine_.Reduce(), true;
      default:
        return false;
    }
  }

  std::string_view rest_;
  PickleMachine machine_;
};

}  // namespace

PickleDocument ReadPickle(std::string_view bytes, const std::string& place) {
  PickleParser parser(bytes, place);
  PickleDocument document = parser.Parse();
  parser.RequireEnd();
  return document;
}

PickleDocument TakePickle(std::string_view& bytes, const std::string& place) {
  PickleParser parser(bytes.substr(0, kMaxPickleBytes), place);
  PickleDocument document = parser.Parse();
  bytes.remove_prefix(std::min(bytes.size(), kMaxPickleBytes) - parser.rest().size());
  return document;
}

}  // namespace bertqa
