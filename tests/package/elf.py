"""Reads ELF files (64 bits, little-endian: what x86-64 and arm64 have), standard library only."""

import pathlib
import struct

DYN = 3  # the type of a shared object, and of a position-independent program
PT_LOAD, PT_INTERP, PT_GNU_STACK, PT_GNU_RELRO = 1, 3, 0x6474E551, 0x6474E552
PF_X, PF_W = 1, 2
DT_RPATH, DT_TEXTREL, DT_BIND_NOW, DT_RUNPATH, DT_FLAGS, DT_FLAGS_1 = 15, 22, 24, 29, 30, 0x6FFFFFFB
DF_TEXTREL, DF_BIND_NOW = 4, 8
DF_1_NOW, DF_1_PIE = 1, 0x08000000


class Elf:
    """
    type      as in the header
    segments  [(PT_…, PF_… or-ed)]
    sections  {name: bytes}
    dynamic   {DT_…: [value]}
    imports   names of the symbols that come from elsewhere, without versions
    """

    def __init__(self, path):
        data = pathlib.Path(path).read_bytes()
        if data[:6] != b"\x7fELF\x02\x01":
            raise ValueError(f"{path}: a 64-bit little-endian ELF file is expected")
        self.type, = struct.unpack_from("<H", data, 16)
        segment_offset, section_offset = struct.unpack_from("<QQ", data, 32)
        segment_size, segments, section_size, sections, names = struct.unpack_from("<5H", data, 54)
        self.segments = [struct.unpack_from("<II", data, segment_offset + i * segment_size)
                         for i in range(segments)]
        headers = [struct.unpack_from("<IIQQQQ", data, section_offset + i * section_size)
                   for i in range(sections)]
        contents = [b"" if kind == 8 else data[offset:offset + size]  # 8: SHT_NOBITS
                    for _, kind, _, _, offset, size in headers]
        self.sections = {_string(contents[names], header[0]): content
                         for header, content in zip(headers, contents)}
        self._strings = self.sections.get(".dynstr", b"")
        self.dynamic = {}
        for tag, value in struct.iter_unpack("<QQ", self.sections.get(".dynamic", b"")):
            self.dynamic.setdefault(tag, []).append(value)
        symbols = struct.iter_unpack("<IBBHQQ", self.sections.get(".dynsym", b""))
        self.imports = {_string(self._strings, name)
                        for name, _, _, section, _, _ in symbols if section == 0} - {""}

    def flags(self, tag):
        """The bits of DT_FLAGS or DT_FLAGS_1; 0 where it is not there."""
        return self.dynamic.get(tag, [0])[0]

    def run_paths(self):
        return [path for tag in (DT_RPATH, DT_RUNPATH) for value in self.dynamic.get(tag, [])
                for path in _string(self._strings, value).split(":") if path]


def _string(table, offset):
    return table[offset:table.index(b"\0", offset)].decode()
