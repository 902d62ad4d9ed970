"""Which shared libraries a Linux file asks the loader for."""

import mmap
import struct
from pathlib import Path

# What the file format calls the processors, by Linux's names of them.
MACHINES = {"x86_64": 62, "aarch64": 183}
# https://refspecs.linuxfoundation.org/elf/gabi4+/ch5.pheader.html
_HEADER = struct.Struct("<16x2HI3QI6H")
_SEGMENT = struct.Struct("<2I6Q")
_ENTRY = struct.Struct("<2Q")
_LOAD, _DYNAMIC = 1, 2
_END, _NEEDED, _STRINGS = 0, 1, 5


def needed(path: Path, processor: str) -> list[str]:
    """The names of the shared libraries that the file asks the loader for.

    None for what that processor doesn't load: no ELF file, one of another processor, a broken one.
    """
    with path.open("rb") as file:
        # 64 bits, little-endian: both processors are.
        if file.read(6) != b"\x7fELF\x02\x01":
            return []
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            try:
                return _needed(data, MACHINES.get(processor))
            except (struct.error, ValueError, StopIteration):
                return []


def _needed(data: mmap.mmap, machine: int | None) -> list[str]:
    _, own_machine, _, _, start, _, _, _, size, count, *_ = _HEADER.unpack_from(data)
    if own_machine != machine:
        return []
    # Each: kind, flags, where in the file, where in memory, …, how long in the file, …
    segments = [_SEGMENT.unpack_from(data, start + i * size) for i in range(count)]
    entries = [
        entry
        for kind, _, offset, _, _, length, *_ in segments
        if kind == _DYNAMIC
        for entry in _ENTRY.iter_unpack(data[offset : offset + length])
    ]
    tags = [tag for tag, _ in entries]
    entries = entries[: tags.index(_END)] if _END in tags else entries
    names = [value for tag, value in entries if tag == _NEEDED]
    if not names:
        return []
    strings = next(value for tag, value in entries if tag == _STRINGS)
    in_file = next(
        strings - address + offset
        for kind, _, offset, address, _, length, *_ in segments
        if kind == _LOAD and address <= strings < address + length
    )
    return [data[in_file + at : data.find(b"\0", in_file + at)].decode() for at in names]
