"""How much Lambda can hold, and what of libraries a zip has no place for."""

from pathlib import PurePath

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MAX_UNPACKED_BYTES = 262_144_000
# What no prediction imports. Where a library of yours does, the build says which line to delete.
NOT_NEEDED = (
    ".lock",
    "**/*.a",
    "bin",
    "*.dist-info/RECORD",  # names the folder of the build
    "**/tests",
    "**/*.pyi",
    "**/*.pxd",
    "**/include",
    "numpy/random/_examples",
    "onnxruntime/capi/libonnxruntime.so*",  # for programs in C; Python's module holds its own
    "onnxruntime/tools",
    "onnxruntime/transformers",
    "onnxruntime/quantization",
    "onnxruntime/datasets",
)


def told(size: int) -> str:
    """The limit, behind the bytes of a model and its libraries, unpacked."""
    more = "" if size < MAX_UNPACKED_BYTES else ": too much, and the build will say what helps"
    return f", of {MAX_UNPACKED_BYTES / 1e6:.0f} MB that Lambda takes{more}"


def taken(path: PurePath) -> bool:
    """Whether a zip has a library's file, by its path where libraries are installed."""
    every = (path, *path.parents)
    made = path.suffix == ".pyc"  # by whoever imported it here
    return not made and not any(each.full_match(p) for each in every for p in NOT_NEEDED)
