"""A Slurm of one's own on the loopback interface: two nodes that pretend to have GPUs.

The executor drops every SLURM_* variable, so its ``srun`` finds the configuration only where
Debian has it, /etc/slurm: linked while the cluster is up, by root, where there is none. It keeps
accounts where :mod:`accounting` finds what that needs.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

from tests.workflow import accounting

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol", "scancel")
FILES = ("slurm.conf", "gres.conf", "cgroup.conf")
ETC = Path("/etc/slurm")

HAS = "Gres=gpu:a100:2 Feature=intel,large"
# A job that is put back waits as long as a credential lives, by default two minutes.
CONFIGURATION = """\
ClusterName=tests
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort=16917
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
CryptoType=crypto/munge
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,sched_min_interval=0,bf_interval=2
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
JobAcctGatherType=jobacct_gather/linux
SlurmdParameters=config_overrides
ReturnToService=2
MinJobAge=300
KillWait=5
SlurmdTimeout=10
JobRequeue=1
GresTypes=gpu
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port=17101 CPUs=2 RealMemory=20000 {has}
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port=17102 CPUs=2 RealMemory=20000 {has}
PartitionName=cpu Nodes=ALL PriorityTier=1 GraceTime=10 Default=YES
PartitionName=gpu Nodes=ALL PriorityTier=1 GraceTime=10
PartitionName=urgent Nodes=ALL PriorityTier=2
"""


def missing() -> str:
    """Why there can be no cluster here; empty where there can."""
    if absent := [name for name in PROGRAMS if not shutil.which(name)]:
        return f"not installed: {', '.join(absent)} (Debian: slurm-wlm, munge)"
    if os.geteuid() != 0:
        return "only root can link a configuration into /etc/slurm"
    if any((ETC / name).exists() for name in FILES):
        return "this machine has a Slurm of its own"
    return ""


class Cluster:
    """Started when made; ended by :meth:`stop`."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.processes: dict[str, subprocess.Popen] = {}
        self.accounting = not accounting.missing()
        folder.chmod(0o755)  # munge wants every folder above its socket to be passable
        (folder / "state").mkdir()
        key = folder / "munge.key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o400)
        host = socket.gethostname().split(".")[0]
        text = CONFIGURATION + (accounting.KEPT if self.accounting else accounting.NOT_KEPT)
        (folder / "slurm.conf").write_text(text.format(host=host, folder=folder, has=HAS))
        for number in range(2):  # devices like /dev/null, so that CUDA_VISIBLE_DEVICES is set
            os.mknod(folder / f"nvidia{number}", 0o20666, os.makedev(1, 3))
        (folder / "gres.conf").write_text(f"Name=gpu Type=a100 File={folder}/nvidia[0-1]\n")
        (folder / "cgroup.conf").write_text("CgroupAutomount=no\n")
        ETC.mkdir(exist_ok=True)
        for name in FILES:
            (ETC / name).symlink_to(folder / name)
        try:
            self._start_all()
        except BaseException:
            self.stop()
            raise

    def _start_all(self) -> None:
        options = {"key-file": "munge.key", "socket": "munge.socket", "pid-file": "munged.pid"}
        options |= {"log-file": "munged.log", "seed-file": "munge.seed"}
        flags = [f"--{option}={self.folder / file}" for option, file in options.items()]
        self.start("munged", "munged", "--foreground", "--force", *flags)
        wait(lambda: (self.folder / "munge.socket").exists())
        if self.accounting:
            accounting.start(self)
        self.start("slurmctld", "slurmctld", "-D", "-c")
        wait(lambda: "UP" in said("scontrol", "ping"))
        for node in ("n1", "n2"):
            self.start_node(node)
        idle = ("sinfo", "-h", "-N", "-p", "cpu", "-t", "idle", "-o", "%N")
        wait(lambda: said(*idle).split() == ["n1", "n2"])

    def start(self, name: str, *command: str, env: dict[str, str] | None = None) -> None:
        output = (self.folder / f"{name}.out").open("ab")
        self.processes[name] = subprocess.Popen(command, stdout=output, stderr=output, env=env)

    def wait_for(self, *command: str) -> None:
        """Until a command succeeds."""
        wait(lambda: subprocess.run(command, capture_output=True).returncode == 0)

    def start_node(self, node: str) -> None:
        self.start(node, "slurmd", "-D", "-N", node)

    def lose_node(self, node: str) -> None:
        """Kill a node's daemon, and with it what runs there, as a power cut does."""
        jobs = said("squeue", "-h", "-w", node, "-o", "%i").split()
        self.processes.pop(node).kill()
        for pid in processes_of(jobs):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, 9)

    def stop(self) -> None:
        """End what was started, and what it started: jobs outlive the daemons that ran them."""
        jobs = said("squeue", "-h", "-o", "%i").split()
        for pid in processes_of(jobs):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, 9)
        for process in reversed(self.processes.values()):
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
        for name in FILES:
            (ETC / name).unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)


def processes_of(jobs: list[str]) -> list[int]:
    """The processes of jobs: those that watch over them first, or they would tell of the end."""
    watching, working = [], []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            command, variables = (path / "cmdline").read_bytes(), (path / "environ").read_bytes()
        except OSError:  # ended meanwhile
            continue
        for job in jobs:
            if command.startswith(f"slurmstepd: [{job}.".encode()):
                watching.append(int(path.name))
            elif f"SLURM_JOB_ID={job}".encode() in variables.split(b"\0"):
                working.append(int(path.name))
    return watching + working


def said(*command: str) -> str:
    """What a command prints."""
    return subprocess.run(command, capture_output=True, text=True).stdout


def state(job: str) -> str:
    """Of a job: RUNNING, PENDING, TIMEOUT, …"""
    return said("squeue", "-h", "-j", job, "--states=all", "-o", "%T").strip()


def wait(condition, seconds: float = 60) -> None:
    """Until a condition holds; AssertionError where it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)
