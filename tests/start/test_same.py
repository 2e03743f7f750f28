"""A program does the same with the server as without it."""

import json
import shlex

import pytest

from latephase.runs import grid, packs
from tests.start.root import HOW, ROOT

CALL = """
{command} 'a b' "$(printf '\\xff')" '' < given > {way}.out 2> {way}.err
echo $? > {way}.status
mv file {way}.file 2> /dev/null
true
"""

PROGRAMS = {
    "output": "import sys; print('ä', end=''); print('error', file=sys.stderr)",
    "exit_none": "import sys; sys.exit()",
    "exit_number": "import sys; sys.exit(3)",
    "exit_large_number": "import sys; sys.exit(259)",
    "exit_negative_number": "import sys; sys.exit(-1)",
    "exit_text": "import sys; sys.exit('no such thing')",
    "exit_object": "raise SystemExit({'no': 'thing'})",
    "error": "def f():\n    raise ValueError('no')\nf()",
    "error_of_an_error": "try:\n    1 / 0\nexcept ZeroDivisionError:\n    raise KeyError('no')",
    "syntax_error": "a b",
    "keyboard_interrupt": "raise KeyboardInterrupt",
    "killed": "os.kill(os.getpid(), 9)",
    "terminated": "os.kill(os.getpid(), 15)",
    "aborted": "os.abort()",
    "excepthook": "import sys\nsys.excepthook = lambda *a: print(a[1])\nraise ValueError('no')",
    "global_of_the_starter": "print(socket)",
    "arguments": "import sys; print(sys.argv)",
    "main": "import sys; m = sys.modules['__main__']; print(m.__spec__.name, m.__file__, __name__)",
    "folder": "import sys; print(os.getcwd(), sys.path)",
    "environment": """
print(sorted((k, v) for k, v in os.environ.items() if k not in ("_", "LATEPHASE_COLD")))""",
    "environment_of_c": "import subprocess; subprocess.run(['sh', '-c', 'echo $OMP_NUM_THREADS'])",
    "temporary_folder": "import tempfile; print(tempfile.gettempdir())",
    "input": "import sys; print(sys.stdin.read(), sys.stdin.isatty(), sys.stdout.line_buffering)",
    "umask": "print(os.umask(0))",
    "limits": "import resource; print(resource.getrlimit(resource.RLIMIT_NOFILE))",
    "open_files": "print(sorted(n for n in os.listdir('/proc/self/fd') if int(n) < 3))",
    "group": "print(os.getpgrp() == os.getpgid(os.getppid()))",
    "signals": "import signal; print([(n, signal.getsignal(n)) for n in range(1, 32)])",
    "at_exit": "import atexit; atexit.register(print, 'at exit')",
    "unclosed_file": "file = open('file', 'w'); file.write('x')",
    "unclosed_file_in_a_circle": """
class Circle: pass
circle = Circle(); circle.itself = circle
circle.file = open("file", "w"); circle.file.write("x")""",
    "thread": """
import threading, time
threading.Thread(target=lambda: (time.sleep(0.2), print("late"))).start()
print("early")""",
    "pool_of_threads": """
from concurrent.futures import ThreadPoolExecutor
pool = ThreadPoolExecutor(2)
pool.submit(print, "in a thread")""",
    "process": """
import multiprocessing
def f(x): print(x + 1)
if __name__ == "__main__":
    process = multiprocessing.get_context("spawn").Process(target=f, args=[1])
    process.start()
    process.join()
    print(process.exitcode)""",
    "logging": """
import logging
logging.basicConfig(level=logging.INFO, format="%(message)s")
logging.info("told")""",
    "warning": "import warnings; warnings.warn('careful')",
}


@pytest.mark.parametrize("text", PROGRAMS.values(), ids=PROGRAMS)
def test_a_program_does_the_same(root, text):
    root.write("scripts/job.py", HOW + text)
    root.write("given", "given\n")
    ways = {
        "plain": "python -m scripts.job",
        "warm": "python -m scripts.start job",
        "cold": "LATEPHASE_COLD=1 python -m scripts.start job",
    }
    root.run(*(CALL.format(way=way, command=command) for way, command in ways.items()))
    plain, warm, cold = (root.written(way) for way in ways)
    assert plain["status"] and warm == plain and cold == plain
    if text != PROGRAMS["syntax_error"]:
        count = 1 + text.count("spawn")  # with the processes that the program itself starts
        assert root.how() == ["cold"] * count + ["warm"] * count + ["cold"] * count


def test_a_program_that_is_not_there(root):
    plain = root.run("python -m scripts.nothing")
    assert root.run("python -m scripts.start nothing") == plain
    assert plain[2] == 1 and "No module named scripts.nothing" in plain[1]


def test_a_program_in_a_folder(root):
    root.program("print(__name__)", "figures/over_time")
    assert root.run("python -m scripts.start figures.over_time") == ("__main__\n", "", 0)
    assert root.how() == ["warm"]


def test_no_program(root):
    out, err, status = root.run("python -m scripts.start")
    assert (out, status) == ("", 1) and "LATEPHASE_COLD" in err


@pytest.mark.parametrize(
    "before",
    [
        "umask 077;",
        "ulimit -n 100;",
        "export MORE=1;",
        "export OMP_NUM_THREADS=2;",
        "cd elsewhere; export PYTHONPATH=$PYTHONPATH:..;",
        "nice",
        "exec <&-;",
        "unset HOME;",
    ],
)
def test_in_other_circumstances_it_runs_without_the_server(root, before):
    root.program(
        "import resource\n"
        "print(os.umask(0), resource.getrlimit(resource.RLIMIT_NOFILE), os.nice(0), os.getcwd())\n"
        "print(sorted((k, v) for k, v in os.environ.items() if k != '_'))"
    )
    root.write("elsewhere/x", "")
    command = f"{before} python -m scripts.start job"
    plain = root.run(command.replace("start job", "job"))
    assert plain[2] == 0
    assert root.run(command) == plain
    assert root.how() == ["cold", "cold"]


def test_what_a_shell_sets_for_a_job_does_not_matter(root):
    root.write(root.site / "library.py", "import tempfile\ntempfile.gettempdir()\n")
    root.program("import library, tempfile\nprint(os.environ['SHLVL'], tempfile.gettempdir())")
    root.write("own/x", "")
    command = "export TMPDIR=$PWD/own; (bash -c 'python -m scripts.start job; true') | cat"
    out, _, _ = root.run(command)
    assert out.split()[1] == str(root.folder / "own")
    assert root.how() == ["warm"]
    assert root.run(command.replace("start job", "job"))[0] == out


def test_jobs_draw_other_random_numbers(root):
    root.program("import random\nimport numpy.random\nprint(random.random(), numpy.random.rand())")
    call = "python -m scripts.start job"
    out, _, _ = root.run(call, call)
    first, second = (line.split() for line in out.splitlines())
    assert first[0] != second[0] and first[1] != second[1]
    assert root.how() == ["warm", "warm"]


def test_a_disk_without_room_for_what_is_printed_is_an_error(root):
    root.program("print('x')")
    _, err, status = root.run("python -m scripts.start job > /dev/full")
    assert status == 120 and "No space left" in err
    assert root.how() == ["warm"]


PACK = {
    "data": {"name": "digits", "train_size": 50, "test_size": 40, "mean": 0.3, "std": 0.4},
    "model": {"name": "mlp", "widths": [12, 8], "init_scale": 2.0},
    "loss": {"name": "mse", "reduction": "sum"},
    "optimizer": {"name": "adamw", "lr": 1e-3, "weight_decay": 0.1},
    "batch_size": 20,
    "steps": 12,
    "checkpoints": {"log": 4},
    "seed": 1,
}


def test_training_and_measuring_give_the_same_bytes(root, digits_file):
    pack = shlex.quote(json.dumps(packs.pack_of([grid.resolved(PACK)])))
    commands = []
    for way, start_program in (("plain", "scripts."), ("warm", "scripts.start ")):
        to = root.folder / way
        commands += [
            f"python -m {start_program}train --pack {pack} --data {digits_file} "
            f"--scratch {to}/scratch --checkpoints {to}/checkpoints "
            f"--history {to}/history.parquet --timing {to}/timing.json",
            f"python -m {start_program}extract.nc0 --checkpoints {to}/checkpoints "
            f"--data {digits_file} --output {to}/nc0.parquet",
        ]
    # It imports torch for the first request that it accepts.
    commands.append("grep -q libtorch /proc/$(cat $FOLDER/server)/maps")
    _, err, status = root.run(*commands, cwd=ROOT)
    assert status == 0, err
    plain, warm = (
        {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.*")}
        for folder in (root.folder / "plain", root.folder / "warm")
    )
    assert plain.pop("timing.json") and warm.pop("timing.json")
    assert {"history.parquet", "nc0.parquet"} < set(plain) and warm == plain
