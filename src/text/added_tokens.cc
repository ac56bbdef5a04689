#include "text/added_tokens.h"

#include <algorithm>

#include "base/utf8.h"
#include "text/unicode.h"

namespace bertqa {
namespace {

bool HasFlagAt(std::string_view text, std::size_t position, CharacterFlag flag) {
  return position < text.size() && PropertiesOf(DecodeAt(text, position).value).Is(flag);
}

/// Where the last character of a text that is not empty begins.
std::size_t LastCharacter(std::string_view text) {
  std::size_t begin = text.size() - 1;
  while (IsContinuationByte(text[begin])) {
    --begin;
  }
  return begin;
}

std::size_t WithoutSpaceAtEnd(std::string_view text) {
  while (!text.empty()) {
    const std::size_t last = LastCharacter(text);
    if (!HasFlagAt(text, last, kWhiteSpace)) {
      break;
    }
    text = text.substr(0, last);
  }
  return text.size();
}

std::size_t SpaceEnd(std::string_view text, std::size_t begin) {
  while (HasFlagAt(text, begin, kWhiteSpace)) {
    begin += DecodeAt(text, begin).size;
  }
  return begin;
}

}  // namespace

AddedTokenFinder::AddedTokenFinder(std::vector<AddedToken> tokens) : tokens_(std::move(tokens)) {
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    const AddedToken& token = tokens_[i];
    if (!token.content.empty()) {
      trie_.Add(token.content, static_cast<std::int32_t>(i));
      begins_token_[static_cast<unsigned char>(token.content.front())] = true;
      finds_any_ |= !token.is_special;
    }
  }
}

bool AddedTokenFinder::Allows(const AddedToken& token, std::string_view text,
                              ByteSpan match) const {
  if (token.is_special) {
    return false;
  }
  const bool follows_word =
      match.begin > 0 &&
      HasFlagAt(text, LastCharacter(text.substr(0, match.begin)), kWordCharacter);
  return !token.single_word || (!follows_word && !HasFlagAt(text, match.end, kWordCharacter));
}

AddedTokenFinder::Match AddedTokenFinder::LongestAt(std::string_view text,
                                                    std::size_t begin) const {
  Match match = {ByteTrie::kNone, {begin, begin}};
  std::uint32_t node = ByteTrie::kRoot;
  for (std::size_t end = begin; end < text.size();) {
    node = trie_.Next(node, text[end++]);
    if (node == ByteTrie::kNoNode) {
      break;
    }
    if (trie_.Value(node) != ByteTrie::kNone) {
      match = {trie_.Value(node), {begin, end}};
    }
  }
  return match;
}

std::vector<std::pair<TokenId, ByteSpan>> AddedTokenFinder::Cut(std::string_view text) const {
  std::vector<std::pair<TokenId, ByteSpan>> parts;
  std::size_t done = 0;  // what lies before is in `parts`
  std::size_t position = 0;
  while (finds_any_ && position < text.size()) {
    if (!begins_token_[static_cast<unsigned char>(text[position])]) {
      ++position;
      continue;
    }
    auto [index, match] = LongestAt(text, position);
    position = std::max(position + 1, match.end);
    if (index == ByteTrie::kNone) {
      continue;
    }
    const AddedToken& token = tokens_[static_cast<std::size_t>(index)];
    if (!Allows(token, text, match)) {
      continue;
    }
    if (token.strips_left) {
      match.begin = std::max(done, WithoutSpaceAtEnd(text.substr(0, match.begin)));
    }
    match.end = token.strips_right ? SpaceEnd(text, match.end) : match.end;
    if (match.begin > done) {
      parts.push_back({-1, {done, match.begin}});
    }
    parts.push_back({token.id, match});
    done = match.end;
    position = std::max(position, done);
  }
  if (done < text.size()) {
    parts.push_back({-1, {done, text.size()}});
  }
  return parts;
}

}  // namespace bertqa
