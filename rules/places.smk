# Where this repository is. Snakemake may run in another folder, and for another workflow that uses
# this one as a module (docs/module.md).
import sys
from pathlib import Path

from snakemake.common.configfile import load_configfile

# Not workflow.basedir, which is that of another workflow if it uses this one as a module.
ROOT = Path(workflow.current_basedir.get_path_or_uri(secret_free=True)).parent
sys.path.insert(0, str(ROOT))

# Another workflow gives a module only the settings that it changes.
if not workflow.modifier.is_main_snakefile():
    config.update(load_configfile(ROOT / "config.yaml") | config)
