"""Slurm's accounts, for ``sacct``: slurmdbd, and a MariaDB in the cluster's folder."""

import os
import shutil
import subprocess

PROGRAMS = ("slurmdbd", "sacctmgr", "mariadbd", "mariadb", "mariadb-install-db")
ACCOUNT = "research"
NOT_KEPT = "AccountingStorageType=accounting_storage/none\n"
KEPT = """\
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort=16919
AccountingStoragePass={folder}/munge.socket
AccountingStorageEnforce=associations
AccountingStorageTRES=gres/gpu
"""
DATABASE = """\
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
DbdHost=localhost
DbdAddr=127.0.0.1
DbdPort=16919
SlurmUser=root
LogFile={folder}/slurmdbd.log
PidFile={folder}/slurmdbd.pid
StorageType=accounting_storage/mysql
StorageHost=localhost
StorageUser=slurm
StorageLoc=slurm
"""
TABLES = (
    "create database slurm; create user slurm@localhost; grant all on slurm.* to slurm@localhost"
)


def missing() -> str:
    """Why there can be no accounts here; empty where there can."""
    absent = [name for name in PROGRAMS if not shutil.which(name)]
    return f"not installed: {', '.join(absent)} (Debian: slurmdbd, mariadb-server)" * bool(absent)


def start(cluster) -> None:
    """Start both, with one account, that root may use."""
    data = cluster.folder / "mariadb"
    data.mkdir()
    shutil.chown(data, "mysql")
    door = str(data / "socket")
    own = ("--no-defaults", "--user=mysql", f"--datadir={data}")
    run("mariadb-install-db", *own, "--auth-root-authentication-method=normal", "--skip-test-db")
    cluster.start("mariadbd", "mariadbd", *own, "--skip-networking", f"--socket={door}")
    ask = ("mariadb", "--no-defaults", "-uroot", f"--socket={door}", "-e")
    cluster.wait_for(*ask, "select 1")
    run(*ask, TABLES)
    file = cluster.folder / "slurmdbd.conf"
    file.write_text(DATABASE.format(folder=cluster.folder))
    file.chmod(0o600)
    variables = {"MYSQL_UNIX_PORT": door, "SLURM_CONF": str(cluster.folder / "slurm.conf")}
    cluster.start("slurmdbd", "slurmdbd", "-D", env=os.environ | variables)
    cluster.wait_for("sacctmgr", "-n", "list", "cluster")
    for entry in ("cluster tests", f"account {ACCOUNT}", f"user root account={ACCOUNT}"):
        run("sacctmgr", "-i", "add", *entry.split())


def run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
