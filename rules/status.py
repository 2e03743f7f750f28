"""The line on a run of Snakemake: jobs done, time left, the first figure, and what is training."""

import re
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from rules.forecast import Job, Speeds, depths, duration, ends, some

TRAINING = ("train",)
"""The rules whose jobs are named first, because one waits for them."""
TOLD = 2
"""How many running jobs a line names."""
AT_LEAST = 0.1
"""If a job takes longer than expected: its time left, as a share of the time that it has taken."""
TAIL = 4096
"""How many bytes are read at the end of a log. A line of progress is shorter."""
LINE = re.compile(r"(\w+ \d+ of \d+) .* (\d+):(\d\d):(\d\d) left$", re.MULTILINE)
"""The end of a line that latephase/progress.py writes."""


class Status:
    """Which jobs of a plan have started and ended, and what follows from that."""

    def __init__(self, jobs: Mapping[int, Job], free: Mapping[str, int], began: float):
        """``free`` is what the jobs share: cores and GPUs."""
        self.jobs, self.free, self.began = jobs, free, began
        self.depth = depths(jobs)
        self.speeds = Speeds()
        self.started: dict[int, float] = {}
        self.ended: set[int] = set()
        self.failed: set[int] = set()
        self.drawn = ""
        """The first picture that was made."""

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
        """In how many seconds each job will have ended. Jobs that cannot run are left out."""
        running = {number: self._left_of(number, now) for number in self.started}
        seconds = {number: self.speeds.expect(job) for number, job in self.jobs.items()}
        possible = {number: job for number, job in self.jobs.items() if number not in self.failed}
        return ends(possible, self.depth, self.ended, running, seconds, self.free)

    def _left_of(self, number: int, now: float) -> float:
        """The time left of a running job, as its log says, or else as is expected."""
        job, taken = self.jobs[number], now - self.started[number]
        if told := last_progress(job.log, self.started[number]):
            return max(told[1] - (now - told[2]), 0)
        return max(self.speeds.expect(job) - taken, AT_LEAST * taken)

    def counted(self) -> str:
        """The jobs done, such as ``45 of 861 jobs``, and how many failed."""
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
        """Whether it is known how fast trainings are here. True if there are no trainings.

        The speeds in the configuration are those of networks of real size. Networks of scale quick
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
    """A time of day. If it is on another day, it includes the day."""
    today = time.localtime(at)[:3] == time.localtime(now)[:3]
    return time.strftime("%H:%M" if today else "%a %d %b %H:%M", time.localtime(at))


def last_progress(log: str, since: float) -> tuple[str, float, float] | None:
    """The last line of progress in a log: ``step 20 of 90``, the seconds left, when it was written.

    None if there is no such line, or if the log is older than ``since``, which makes it another
    run's.
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
