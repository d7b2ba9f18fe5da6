"""The text of a file that a person gives: bounded in size, in UTF-8, with the place of a fault."""

from __future__ import annotations

from pathlib import Path

from symgrad.errors import ExamError, Place


def text_of(path: str | Path, largest: int, wanted: str, which: str = "it") -> str:
    """The text in a file of at most `largest` bytes; ExamError where there is none, saying that
    `wanted` was expected, and what to split where it is too large."""
    file = Path(path)
    try:
        with file.open("rb") as opened:
            raw = opened.read(largest + 1)
    except OSError as error:
        raise ExamError(
            f"found no readable file {file} ({error.strerror}), expected {wanted}",
            hint="check the path",
        ) from None
    if len(raw) > largest:
        raise ExamError(
            f"found more than {largest} bytes in {file}, expected {wanted}",
            hint=f"split {which} into several files",
        )
    return decoded(raw, str(file))


def decoded(raw: bytes, file: str) -> str:
    """The bytes as text; the place of the first that is no UTF-8."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        line = before.count(b"\n") + 1
        start = before.rfind(b"\n") + 1
        tail = raw[start:].split(b"\n", 1)[0].decode("utf-8", "replace")
        at = Place(file, line, len(before[start:].decode("utf-8", "replace")) + 1, tail)
        raise ExamError(
            f"found the byte 0x{raw[error.start]:02x}, expected text in UTF-8",
            at=at,
            hint="save the file in UTF-8",
        ) from None
