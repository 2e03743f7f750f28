checkpoint planned_whole:
    """This checkpoint never runs. It makes a submitted job plan the jobs before it as well.

    Without it, a submitted job would plan only itself. Then its results would have another key in
    the cache than those of a local job, or no key, because a folder that no planned job makes has
    no checksum.
    """
    output:
        f"{RESULTS}/never",
