#include "io/line_reader.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <new>
#include <system_error>
#include <utility>

#include "base/utf8.h"
#include "bertqa/error.h"

namespace bertqa {
namespace {

constexpr std::size_t kChunkBytes = 1U << 16U;

}  // namespace

LineReader::LineReader(int descriptor, std::string name, std::size_t max_line_bytes)
    : descriptor_(descriptor), name_(std::move(name)), max_line_bytes_(max_line_bytes) {}

/// False if the input is to end before there is more of it.
bool LineReader::WaitForInput() const {
  std::array<pollfd, 2> waits = {{{descriptor_, POLLIN, 0}, {end_descriptor_, POLLIN, 0}}};
  while (::poll(waits.data(), waits.size(), -1) < 0 && errno == EINTR) {
  }
  return (waits[1].revents & POLLIN) == 0;
}

/// Appends one read to the buffer. Returns false at the end.
bool LineReader::Fill() {
  if (at_end_) {
    return false;
  }
  if (end_descriptor_ >= 0 && !WaitForInput()) {
    at_end_ = true;
    return false;
  }
  if (begin_ > 0) {
    buffer_.erase(0, begin_);
    begin_ = 0;
  }
  const std::size_t old_size = buffer_.size();
  buffer_.resize(old_size + kChunkBytes);
  ssize_t count = 0;
  do {
    count = ::read(descriptor_, buffer_.data() + old_size, kChunkBytes);
  } while (count < 0 && errno == EINTR);
  if (count < 0) {
    throw Error(ErrorCode::kUnreadable,
                name_ + ": cannot read: " + std::generic_category().message(errno));
  }
  buffer_.resize(old_size + static_cast<std::size_t>(count));
  at_end_ = count == 0;
  return !at_end_;
}

void LineReader::SkipByteOrderMark() {
  if (!std::exchange(at_start_, false)) {
    return;
  }
  // No further than needed: the first line of a co-process may be shorter than the mark.
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  while (Buffered().size() < kMark.size() && kMark.starts_with(Buffered()) && Fill()) {
  }
  begin_ += Buffered().size() - WithoutByteOrderMark(Buffered()).size();
}

/// Fill(); where there is no memory for more of a line, what there is of it is let go.
bool LineReader::FillFor(Line& line) {
  try {
    return Fill();
  } catch (const std::bad_alloc&) {
    if (begin_ == buffer_.size()) {
      throw;  // nothing to let go of
    }
    line.out_of_memory = true;
    begin_ = buffer_.size();
    return true;
  }
}

std::optional<Line> LineReader::Next() {
  SkipByteOrderMark();
  Line line;
  std::size_t searched = 0;
  std::size_t end = std::string_view::npos;
  while ((end = Buffered().find('\n', searched)) == std::string_view::npos) {
    searched = Buffered().size();
    if (searched > max_line_bytes_ + 1) {  // one more, for a carriage return
      line.too_long = true;
      begin_ = buffer_.size();
      searched = 0;
    }
    if (!FillFor(line)) {
      break;
    }
    searched = std::min(searched, Buffered().size());
  }
  const std::string_view rest = Buffered();
  if (end == std::string_view::npos && rest.empty() && !line.was_skipped()) {
    return std::nullopt;
  }
  std::string_view text = rest.substr(0, end);
  begin_ += end == std::string_view::npos ? rest.size() : end + 1;
  if (text.ends_with('\r')) {
    text.remove_suffix(1);
  }
  line.number = ++line_number_;
  line.too_long = line.too_long || text.size() > max_line_bytes_;
  if (!line.was_skipped()) {
    try {
      line.text = text;
    } catch (const std::bad_alloc&) {
      line.out_of_memory = true;
    }
  }
  return line;
}

std::string LineReader::ReadRest() {
  SkipByteOrderMark();
  while (Fill()) {
  }
  std::string rest(Buffered());
  begin_ = buffer_.size();
  return rest;
}

}  // namespace bertqa
