"""What one line says of a run of Snakemake: jobs done, time left, the first figure, what trains."""

import re
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from rules.forecast import Job, Speeds, depths, duration, ends, some

TRAINING = ("train",)
"""Rules whose jobs are told first: they are what one waits for."""
TOLD = 2
"""How many running jobs a line names."""
AT_LEAST = 0.1
"""Of the time that a job has taken: its time left if it takes longer than expected."""
TAIL = 4096
"""Bytes at the end of a log. A line of progress is shorter."""
LINE = re.compile(r"(\w+ \d+ of \d+) .* (\d+):(\d\d):(\d\d) left$", re.MULTILINE)
"""What latephase/progress.py writes."""


class Status:
    """Which jobs of a plan have started and ended, and what follows from that."""

    def __init__(self, jobs: Mapping[int, Job], free: Mapping[str, int], began: float):
        """``free`` is what the jobs share: cores, GPUs."""
        self.jobs, self.free, self.began = jobs, free, began
        self.depth = depths(jobs)
        self.speeds = Speeds()
        self.started: dict[int, float] = {}
        self.ended: set[int] = set()
        self.failed: set[int] = set()
        self.drawn = ""
        """The first picture."""

    def start(self, numbers: Iterable[int], now: float) -> None:
        for number in self.jobs.keys() & set(numbers):
            self.failed.discard(number)  # it is tried again
            self.started[number] = now

    def end(self, number: int, now: float) -> None:
        if number in self.jobs:
            self.ended.add(number)
            self.drawn = self.drawn or self.jobs[number].made
            if number in self.started:
                self.speeds.learn(self.jobs[number], now - self.started.pop(number))

    def fail(self, number: int) -> None:
        if number in self.jobs:
            self.failed.add(number)
            self.started.pop(number, None)

    def left(self, now: float) -> dict[int, float]:
        """In how many seconds each job will have ended, but for those that cannot run."""
        running = {number: self._left_of(number, now) for number in self.started}
        seconds = {number: self.speeds.expect(job) for number, job in self.jobs.items()}
        possible = {number: job for number, job in self.jobs.items() if number not in self.failed}
        return ends(possible, self.depth, self.ended, running, seconds, self.free)

    def _left_of(self, number: int, now: float) -> float:
        """The time left of a running job: what its log says, or what is expected of it."""
        job, taken = self.jobs[number], now - self.started[number]
        if told := last_progress(job.log, self.started[number]):
            return max(told[1] - (now - told[2]), 0)
        return max(self.speeds.expect(job) - taken, AT_LEAST * taken)

    def counted(self) -> str:
        """``45 of 861 jobs``, and how many failed."""
        failed = f", {len(self.failed)} failed" if self.failed else ""
        return f"{len(self.ended)} of {len(self.jobs)} jobs{failed}"

    def line(self, now: float) -> str:
        """The whole line. ``now`` is in seconds since the epoch."""
        told = [self.counted()]
        if not self._measured():
            return ", ".join([*told, "time left not known yet"]) + self._running()
        left = self.left(now)
        if left:
            told.append(f"{duration(max(left.values()))} left")
        figures = [seconds for number, seconds in left.items() if self.jobs[number].made]
        if figures and not self.drawn:
            told.append(f"first figure at {clock(now + min(figures), now)}")
        return ", ".join(told) + self._running()

    def _measured(self) -> bool:
        """Whether anything says how fast trainings are here, or there are none.

        What the configuration says of that is about networks of real size. Those of scale quick
        may be a hundred times as fast.
        """
        training = {number for number, job in self.jobs.items() if job.rule in TRAINING}
        if training <= self.ended or training & self.ended:
            return True
        running = training & self.started.keys()
        return any(last_progress(self.jobs[n].log, self.started[n]) for n in running)

    def _running(self) -> str:
        jobs = [self.jobs[number] for number in sorted(self.started, key=self.started.get)]
        told = [job for job in jobs if job.rule in TRAINING] or jobs
        return "; " + some((self._about(job) for job in told), TOLD) if told else ""

    def _about(self, job: Job) -> str:
        told = last_progress(job.log, self.began)
        return f"{job.about} ({told[0]})" if told else job.about


def clock(at: float, now: float) -> str:
    """A time of day; on another day, with the day."""
    today = time.localtime(at)[:3] == time.localtime(now)[:3]
    return time.strftime("%H:%M" if today else "%a %d %b %H:%M", time.localtime(at))


def last_progress(log: str, since: float) -> tuple[str, float, float] | None:
    """What the last line of progress in a log says: ``step 20 of 90``, and the seconds left; and
    when it was written.

    None if there is no such line, or if the log is older than a time: another run's.
    """
    try:
        with Path(log).open("rb") as file:
            file.seek(0, 2)
            file.seek(max(file.tell() - TAIL, 0))
            text = file.read().decode(errors="replace")
        written = Path(log).stat().st_mtime
    except OSError:
        return None
    found = LINE.findall(text)
    if not found or written < since:
        return None
    place, *left = found[-1]
    hours, minutes, seconds = map(int, left)
    return place, 3600 * hours + 60 * minutes + seconds, written
