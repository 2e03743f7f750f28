"""How long the jobs of a plan take, and when each of them will have ended.

The functions take numbers and return numbers. They know nothing of Snakemake, clocks or terminals.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass

Takes = tuple[tuple[str, int], ...]
"""How much a job takes of each thing of which there is only so much, such as cores."""


@dataclass(frozen=True)
class Job:
    """What is known of a job before it runs."""

    rule: str
    about: str
    """What it works on, in words: its message, or its rule."""
    seconds: float
    """How long it takes, as far as the plan knows."""
    alike: tuple[str, ...]
    """The names of the groups of jobs that it belongs to. The first is the group most like it."""
    takes: Takes
    """The cores and GPUs that it needs to run."""
    needs: frozenset[int] = frozenset()
    """The jobs of the plan that must end before it."""
    log: str = ""
    made: str = ""
    """The picture that it draws, if it draws one."""


class Speeds:
    """How long jobs take compared with the plan, learnt from the jobs that have ended."""

    def __init__(self):
        self.planned: dict[str, float] = defaultdict(float)
        self.taken: dict[str, float] = defaultdict(float)

    def learn(self, job: Job, seconds: float) -> None:
        """Learn from a job that has ended after this time."""
        for group in job.alike:
            self.planned[group] += job.seconds
            self.taken[group] += seconds

    def expect(self, job: Job) -> float:
        """The seconds that a job takes. If no job like it has ended, this is what the plan says."""
        for group in job.alike:
            if self.planned[group] > 0:
                return job.seconds * self.taken[group] / self.planned[group]
        return job.seconds


def depths(jobs: Mapping[int, Job]) -> dict[int, int]:
    """How many jobs come before each job, one after another: 0 for a job that needs no other."""
    found: dict[int, int] = {}
    for first in jobs:
        stack = [first]
        while stack:
            missing = [job for job in jobs[stack[-1]].needs if job not in found]
            if missing:
                stack += missing
                continue
            job = stack.pop()
            found[job] = 1 + max((found[need] for need in jobs[job].needs), default=-1)
    return found


def ends(
    jobs: Mapping[int, Job],
    depth: Mapping[int, int],
    ended: Set[int],
    running: Mapping[int, float],
    seconds: Mapping[int, float],
    free: Mapping[str, int],
) -> dict[int, float]:
    """In how many seconds each job that has not ended will have ended.

    ``running`` has the seconds left of the jobs that run, ``seconds`` has the length of the others,
    and ``free`` has what the jobs share. Of the jobs that are ready, the one with the most jobs
    before it is started first. Snakemake does so too, because it prefers jobs with large inputs,
    and metrics are larger than data. A job that comes after a failed one never ends, and gets no
    time.
    """
    waits, after = {}, defaultdict(list)
    for number in jobs.keys() - ended - running.keys():
        waits[number] = 0
        for need in jobs[number].needs - ended:
            waits[number] += 1
            after[need].append(number)
    # Jobs that take the same wait in one queue. There are thousands of jobs, but only a few queues.
    queues: dict[Takes, list[tuple[int, int]]] = defaultdict(list)

    def enqueue(number: int) -> None:
        heapq.heappush(queues[jobs[number].takes], (-depth[number], number))

    for number, count in waits.items():
        if not count:
            enqueue(number)
    free = dict(free)
    busy = [(left, number) for number, left in running.items()]
    heapq.heapify(busy)
    for number in running:
        _give(free, jobs[number].takes, -1)
    found: dict[int, float] = {}
    now = 0.0
    while True:
        while fitting := [
            (queue[0], takes) for takes, queue in queues.items() if queue and _fits(takes, free)
        ]:
            (_, number), takes = min(fitting)
            heapq.heappop(queues[takes])
            _give(free, takes, -1)
            heapq.heappush(busy, (now + seconds[number], number))
        if not busy:
            return found
        now, number = heapq.heappop(busy)
        found[number] = now
        _give(free, jobs[number].takes, +1)
        for waiting in after[number]:
            waits[waiting] -= 1
            if not waits[waiting]:
                enqueue(waiting)


def _fits(takes: Takes, free: Mapping[str, int]) -> bool:
    return all(free.get(name, count) >= count for name, count in takes)


def _give(free: dict[str, int], takes: Takes, sign: int) -> None:
    for name, count in takes:
        if name in free:
            free[name] += sign * count


def duration(seconds: float) -> str:
    """A time in words, such as ``40 s``, ``23 min``, ``2 h 05 min`` or ``3 d 4 h``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 24 * 60:
        return f"{minutes // 60} h {minutes % 60:02d} min"
    hours = round(seconds / 3600)
    return f"{hours // 24} d {hours % 24} h"


def some(names: Iterable[str], most: int) -> str:
    """The first names, and how many more there are."""
    listed = list(names)
    told = ", ".join(listed[:most])
    return told if len(listed) <= most else f"{told} and {len(listed) - most} more"
