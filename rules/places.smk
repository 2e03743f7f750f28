# Find the folder of this repository. Snakemake may run in another folder, or for another workflow
# that uses this one as a module (docs/module.md).
import sys
from pathlib import Path

from snakemake.common.configfile import load_configfile

# workflow.basedir would be the folder of the other workflow if it uses this one as a module.
ROOT = Path(workflow.current_basedir.get_path_or_uri(secret_free=True)).parent
sys.path.insert(0, str(ROOT))

# Another workflow passes to a module only the settings that it changes. The rest are read here.
if not workflow.modifier.is_main_snakefile():
    config.update(load_configfile(ROOT / "config.yaml") | config)
