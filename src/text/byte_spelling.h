#pragma once

#include <string>
#include <string_view>

namespace bertqa {

/// How byte-level vocabularies (GPT-2's encoder.py) spell a byte: itself where it is visible, else
/// a character from U+0100 on ("Ġ" is the space).
char32_t SpellingOfByte(unsigned char byte);

/// The same for each byte of a text, which need not be UTF-8.
std::string SpellBytes(std::string_view bytes);

/// How vocabularies with byte fallback spell a byte: "<0x0A>".
std::string SpellFallback(unsigned byte);

}  // namespace bertqa
