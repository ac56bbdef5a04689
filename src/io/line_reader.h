#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bertqa {

/// One line without its line end ("\n" or "\r\n").
struct Line {
  std::string text;            ///< empty if it was skipped
  std::size_t number = 0;      ///< from 1, blank lines counted
  bool too_long = false;       ///< above the limit; it was skipped to its end
  bool out_of_memory = false;  ///< there was no memory for it; it was skipped to its end

  bool was_skipped() const { return too_long || out_of_memory; }
};

/// Reads lines from a file descriptor, which it does not own. A byte-order mark at the start is
/// skipped; a last line without a line end counts. Not safe from several threads at once.
class LineReader {
 public:
  /// `name` is for error messages.
  LineReader(int descriptor, std::string name, std::size_t max_line_bytes);

  /// The next line, or nothing at the end. Throws Error{kUnreadable}.
  std::optional<Line> Next();

  /// The input ends once `descriptor` can be read: what waits for input then stops waiting.
  void EndWhenReadable(int descriptor) { end_descriptor_ = descriptor; }

  /// At least the first `count` bytes that Next() will give, or all if there are fewer, or what
  /// comes until `enough` says so. Reads no more than needed.
  template <class Enough>
  std::string_view Peek(std::size_t count, const Enough& enough) {
    while (buffer_.size() - begin_ < count && !enough(Buffered()) && Fill()) {
    }
    return Buffered();
  }

  /// Everything that is left.
  std::string ReadRest();

 private:
  std::string_view Buffered() const { return std::string_view(buffer_).substr(begin_); }
  bool Fill();
  bool FillFor(Line& line);
  void SkipByteOrderMark();

  bool WaitForInput() const;

  int descriptor_;
  int end_descriptor_ = -1;  ///< none
  std::string name_;
  std::size_t max_line_bytes_;
  std::string buffer_;
  std::size_t begin_ = 0;  ///< of what was not given yet
  std::size_t line_number_ = 0;
  bool at_end_ = false;
  bool at_start_ = true;
};

}  // namespace bertqa
