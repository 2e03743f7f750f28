"""Log lines that report the progress of a long job."""

import logging
import time

SECONDS = 10.0
"""The time between two lines, in seconds."""

log = logging.getLogger(__name__)


class Progress:
    """Log every ten seconds how far a job on many runs is, its rate, and the remaining time."""

    def __init__(self, name: str, unit: str, start: int, stop: int, runs: int):
        """``name`` begins each line. ``unit`` is what is counted from start to stop."""
        self.name, self.unit, self.start, self.stop, self.runs = name, unit, start, stop, runs
        self.total, self.done = (stop - start) * runs, 0
        self.began = self.told = time.monotonic()

    def tick(self, done: int) -> None:
        """Count units done, summed over runs."""
        self.done += done
        now = time.monotonic()
        if now - self.told < SECONDS and self.done < self.total:
            return
        self.told = now
        rate = self.done / max(now - self.began, 1e-9)
        left = round((self.total - self.done) / rate)
        log.info(
            "%s   %s %d of %d   %.0f run-%ss/s   %d:%02d:%02d left",
            *(self.name, self.unit, self.start + self.done // self.runs, self.stop),
            *(rate, self.unit, left // 3600, left // 60 % 60, left % 60),
        )
