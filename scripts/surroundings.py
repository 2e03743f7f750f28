"""What a user's own settings must not change: the beginning of every job's command.

The server uses it, too. Snakemake hands its environment to the jobs. There, a notebook's
``MPLBACKEND`` stops each figure, ``PYTHONPATH`` may bring another torch, and several variables
change the last bits of a result. The numbers of threads are Snakemake's to set, so they stay.
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
"""For bash. Files are read and written as UTF-8, whatever the locale is."""
