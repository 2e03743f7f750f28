# In the place of aggregate.smk, with data=shipped.
localrules:
    shipped,


use rule shipped_again as shipped with:
    output:
        f"{STUDIES}/{{study}}{{part}}.parquet",
    log:
        f"{RESULTS}/logs/shipped/{{scale}}-{{study}}{{part}}.log",
