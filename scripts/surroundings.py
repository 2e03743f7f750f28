"""Remove environment variables of the user's that would change what jobs do.

Every job's command, and that of the server, begins with this. Snakemake hands its environment to
the jobs. There, a notebook's ``MPLBACKEND`` makes each figure fail, ``PYTHONPATH`` may bring
another torch, and several variables change the last bits of a result. Snakemake sets the numbers of
threads, so these stay.
"""

FORGOTTEN = (
    *("MPLBACKEND", "MATPLOTLIBRC"),
    *("PYTHONPATH", "PYTHONSTARTUP", "PYTHONOPTIMIZE", "PYTHONWARNINGS", "PYTHONINSPECT"),
    *("OMP_DYNAMIC", "OMP_PLACES", "OMP_PROC_BIND", "OMP_SCHEDULE", "OMP_THREAD_LIMIT"),
    *("KMP_AFFINITY", "KMP_BLOCKTIME", "GOMP_CPU_AFFINITY"),
    *("MKL_CBWR", "MKL_DYNAMIC", "MKL_ENABLE_INSTRUCTIONS", "OPENBLAS_CORETYPE"),
    *("ATEN_CPU_CAPABILITY", "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE", "NVIDIA_TF32_OVERRIDE"),
)
"""Environment variables that are removed."""

LEAVE = f"unset {' '.join(FORGOTTEN)}; export PYTHONUTF8=1; "
"""Commands for bash. With PYTHONUTF8, files are read and written as UTF-8 in every locale."""
