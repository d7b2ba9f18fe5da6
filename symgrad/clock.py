"""Seconds of this thread's work, so that a budget ends alike on a busy machine.

Asking the system for them is slow, so between two questions, AGAIN apart, the wall clock goes on.
"""

from __future__ import annotations

import threading
from time import monotonic, thread_time

AGAIN = 0.02


class _Clock(threading.local):
    def __init__(self) -> None:
        self.wall, self.work = monotonic(), thread_time()

    def now(self) -> float:
        """The work so far: as far as it was asked, and at most what has gone by since."""
        passed = monotonic() - self.wall
        if passed > AGAIN:
            self.wall, self.work, passed = monotonic(), thread_time(), 0.0
        return self.work + passed


_clock = _Clock()


def now() -> float:
    """Seconds that this thread has worked.

    >>> start = now()
    >>> 0 <= now() - start < 1
    True
    """
    return _clock.now()
