r"""Work that may eat memory or never end, done in processes that can be thrown away.

Before each piece the process forks: it does the piece, while its child waits with the state from
before. If it dies, or is too late, the child goes on in its place without that piece. There are two
such processes at a time, and one that waits for the result.
"""

from __future__ import annotations

import os
import pickle
import select
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from symgrad.errors import SymgradError

if sys.platform != "win32":
    import resource

MEMORY = 4 * 2**30
"""Bytes of address space for all pieces of a work, where the platform can limit them."""

T = TypeVar("T")
P = TypeVar("P")


@dataclass(frozen=True)
class Lost:
    """A piece was not done: why."""

    why: str


Piecewise = Callable[[Callable[[], T], float], "T | Lost"]
"""Does a piece of work within some seconds, or says why it is lost."""


def unguarded(piece: Callable[[], T], seconds: float) -> T | Lost:
    """A piece of work done here and now."""
    return piece()


def forked(piece: Callable[[], T], seconds: float) -> T | Lost:
    """A piece of work done here, while a child waits with the state from before: it goes on in the
    place of this process if that dies or is too late."""
    worker = os.getpid()
    waits, tells = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(tells)
        return spared(worker, waits, seconds)
    os.close(waits)
    try:
        found = piece()
    except MemoryError:
        os._exit(1)
    os.write(tells, b"1")
    os.waitpid(child, 0)
    os.close(tells)
    return found


def spared(worker: int, waits: int, seconds: float) -> Lost:
    """Wait until a piece is done, and end; come back if it is lost, in the place of its worker."""
    ready, _, _ = select.select([waits], [], [], seconds)
    if ready and os.read(waits, 1):
        os._exit(0)
    os.close(waits)
    if ready:
        return Lost("it takes more memory than there is, or ends the program")
    if os.getppid() == worker:
        with suppress(ProcessLookupError):
            os.kill(worker, signal.SIGKILL)
    return Lost(f"it takes more than {seconds:.0f} seconds")


def limit() -> None:
    """A bound on the address space of this process, where the platform has one."""
    if sys.platform != "win32":
        with suppress(ValueError, OSError):
            _, most = resource.getrlimit(resource.RLIMIT_AS)
            if most == resource.RLIM_INFINITY or most > MEMORY:
                resource.setrlimit(resource.RLIMIT_AS, (MEMORY, most))


def guarded(work: Callable[[Piecewise[P]], T], able: bool = hasattr(os, "fork")) -> T:
    """What a work comes to, its pieces done in processes of their own; here and now where the
    platform cannot fork."""
    if not able:
        return work(unguarded)
    result, tell = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(result)
        code = 1
        limit()
        try:
            try:
                made = pickle.dumps((work(forked), None))
            except SymgradError as error:
                made = pickle.dumps((None, error))
            with os.fdopen(tell, "wb") as out:
                out.write(made)
            code = 0
        finally:
            os._exit(code)
    os.close(tell)
    with os.fdopen(result, "rb") as received:
        told = received.read()
    os.waitpid(child, 0)
    if not told:
        raise SymgradError(
            "found a work whose check ended without a result",
            hint="split the work into several files",
        )
    found, fault = pickle.loads(told)
    if fault is not None:
        raise fault
    return found  # type: ignore[no-any-return]
