# What happens before the first job and after the last one. If another workflow uses this one as a
# module, Snakemake does not run these hooks.


onstart:
    gc.freeze()
    gc.enable()
    signals.heed_while_jobs_run()
    if line := libraries.lacking(workflow, TARGETS) or gpus.lacking(workflow, config, LEAVE):
        sys.exit(line)
    rate_limit.lift(workflow)
    serve.start(LEAVE)
    if console.follow(workflow, CATALOG):
        shell.prefix(prefix.of(ROOT, silent=True))


onerror:
    console.stop()


onsuccess:
    console.stop()
    summary.main([f"{RESULTS}/{scale}" for scale in SCALES])
