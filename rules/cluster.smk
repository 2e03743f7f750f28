checkpoint planned_whole:
    """Never run. Because of this checkpoint, a submitted job is planned with what comes before it.

    Without it, the job sees its own rule alone. Then its results have another key in the cache than
    those of a local job, or none, since a folder that no job of the plan makes has no checksum.
    """
    output:
        f"{RESULTS}/never",
