"""What machine this is, and whether it is idle enough to measure on."""

import os
import platform

VECTOR_FLAGS = ("avx2", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16",
                "amx_int8")


def cores():
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0))


def _cpuinfo():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        first = file.read().split("\n\n", maxsplit=1)[0]
    return dict(map(str.strip, line.split(":", 1)) for line in first.splitlines() if ":" in line)


def flags():
    """The vector extensions that matter here and that this processor has."""
    present = _cpuinfo().get("flags", "").split()
    return [flag for flag in VECTOR_FLAGS if flag in present]


def has_vnni():
    """Whether 8-bit products do not saturate."""
    return bool({"avx_vnni", "avx512_vnni", "amx_int8"} & set(flags()))


def has_bf16():
    """Whether bfloat16 products are native."""
    return bool({"avx512_bf16", "amx_bf16"} & set(flags()))


def describe():
    """One line: the processor, its extensions, the cores used, the kernel's kind."""
    info = _cpuinfo()
    name = info.get("model name", platform.processor())
    return (f"{name} (family {info.get('cpu family', '?')}, model {info.get('model', '?')}; "
            f"{', '.join(flags())}), {cores()} cores")


def load_warning():
    """A sentence if other programs are running, else an empty string."""
    load = os.getloadavg()[0]
    if load <= 0.3:
        return ""
    return (f"the load is {load:.2f}: other programs run or ran in the last minute, "
            "and the times are theirs too")
