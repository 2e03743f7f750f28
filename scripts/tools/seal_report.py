"""Make Snakemake's report safe to pass on: what it shows stays text, and it loads nothing.

    python -m scripts.tools.seal_report results/quick/report.html

Snakemake writes what the report shows as JSON into <script> elements. A title with ``</script>`` in
it would end such an element. And the page itself does not forbid browsers to load other files.
"""

import argparse
import re
from pathlib import Path

from latephase.errors import UserError, reporting
from latephase.storage.atomic import replacing

# This JSON has no line breaks, so no text in it can look like the lines around it.
DATA = re.compile(r'(<script id="[\w-]+">\n *var \w+ = )(.*)(;\n *</script>)')
CHARSET = '<meta charset="utf-8">'
POLICY = "; ".join(
    f"{kind} {sources}"
    for kind, sources in {
        "default-src": "'none'",
        "script-src": "'unsafe-inline' 'unsafe-eval'",  # Vega compiles its expressions
        "style-src": "'unsafe-inline'",
        "img-src": "data: blob:",
        "frame-src": "data: blob:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }.items()
)


def sealed(page: str) -> str:
    """The page with escaped data, and with a policy by which browsers load no other files."""
    page, count = DATA.subn(
        lambda found: found[1] + found[2].replace("<", r"\u003c") + found[3], page
    )
    if count == 0 or CHARSET not in page:
        raise UserError("the report is not of a form that scripts.tools.seal_report knows")
    policy = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    return page.replace(CHARSET, f"{CHARSET}\n    {policy}", 1)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("report", type=Path)
    args = parser.parse_args(argv)
    page = sealed(args.report.read_text(encoding="utf-8"))
    with replacing(args.report) as part:
        part.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    with reporting():
        main()
