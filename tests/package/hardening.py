"""What a shipped binary lacks of the defences of cmake/Hardening.cmake."""

import elf

# Functions of the C library that are called by another name, __NAME_chk, where they are fortified. The
# name stays where the compiler proves that nothing can overflow, so one alone says nothing; nor do
# memcpy and its like, which it sees too little of.
FORTIFIABLE = {
    "fgets", "fprintf", "fread", "pread", "pread64", "printf", "read", "readlink", "realpath", "recv",
    "snprintf", "sprintf", "strcat", "strcpy", "strncat", "strncpy", "vfprintf", "vprintf",
    "vsnprintf", "vsprintf"}


def _segment_faults(file):
    flags = dict(file.segments)
    if elf.PT_GNU_STACK not in flags or flags[elf.PT_GNU_STACK] & elf.PF_X:
        yield "the stack is executable"
    both = elf.PF_W | elf.PF_X
    if any(kind == elf.PT_LOAD and bits & both == both for kind, bits in file.segments):
        yield "a segment is writable and executable"
    if elf.PT_GNU_RELRO not in flags:
        yield "no RELRO: tables of addresses stay writable"


def _dynamic_faults(file):
    if not (file.flags(elf.DT_FLAGS) & elf.DF_BIND_NOW or file.flags(elf.DT_FLAGS_1) & elf.DF_1_NOW
            or elf.DT_BIND_NOW in file.dynamic):
        yield "no BIND_NOW: RELRO is not full"
    if elf.DT_TEXTREL in file.dynamic or file.flags(elf.DT_FLAGS) & elf.DF_TEXTREL:
        yield "text relocations: code becomes writable while it is loaded"


def _code_faults(file):
    if "__stack_chk_fail" not in file.imports:
        yield "no stack protector: __stack_chk_fail is not imported"
    checked = {f"__{name}_chk" for name in FORTIFIABLE}
    unchecked = file.imports & FORTIFIABLE
    if len(unchecked) > 1 and not file.imports & checked:
        yield f"not fortified: {', '.join(sorted(unchecked))}, and no function ending with _chk"


def faults(path):
    """What is missing, each as a sentence; empty: all is there."""
    file = elf.Elf(path)
    found = []
    is_program = any(kind == elf.PT_INTERP for kind, _ in file.segments)
    if file.type != elf.DYN or (is_program and not file.flags(elf.DT_FLAGS_1) & elf.DF_1_PIE):
        found.append("not position-independent (PIE)")
    return found + [*_segment_faults(file), *_dynamic_faults(file), *_code_faults(file)]
