# With data=shipped, this file takes the place of aggregate.smk.
localrules:
    shipped,


use rule shipped_again as shipped with:
    output:
        f"{STUDIES}/{{study}}{{part}}.parquet",
    log:
        f"{RESULTS}/logs/shipped/{{scale}}-{{study}}{{part}}.log",
