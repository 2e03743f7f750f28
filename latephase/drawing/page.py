"""HTML pages that need no other file: they fetch nothing, and share one style.

Jinja2 escapes everything that is put into a template, except the body, the style and the script of
a page, which are made here. The policy of a page lets a browser run this script and no other.
"""

import base64
import hashlib

from jinja2 import Environment, StrictUndefined

TEMPLATES = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)

STYLE = """
:root { color-scheme: light; }
body { font: 16px/1.5 system-ui, sans-serif; color: #1b1b1b; background: #fff;
       max-width: 76rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: .25rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin-top: 1rem; }
caption { text-align: left; color: #555; padding-bottom: .5rem; }
th, td { text-align: left; vertical-align: top; padding: .6rem .75rem;
         border-bottom: 1px solid #ddd; }
thead th { border-bottom: 2px solid #555; white-space: nowrap; }
small { display: block; color: #555; font-weight: 400; overflow-wrap: anywhere; }
"""
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{{ policy|safe }}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }}</title>
<style>{{ style|safe }}</style>
</head>
<body>
<main>
<h1>{{ title }}</h1>
{{ body|safe }}
</main>
{% if script %}
<script>{{ script|safe }}</script>
{% endif %}
</body>
</html>
"""


def filled(template: str, **values: object) -> str:
    """A template with its values. Raises jinja2's UndefinedError if a value is missing."""
    return TEMPLATES.from_string(template).render(values)


def page(
    title: str,
    body: str,
    style: str = "",
    script: str = "",
    more: str = "",
    evaluates: bool = False,
) -> str:
    """A whole page.

    Args:
        title: text.
        body: HTML that was made here.
        style: rules that are added to those of all pages.
        script: a script that was made here.
        more: directives that are added to the page's policy, for example ``img-src data:`` if the
            body contains images.
        evaluates: whether the script compiles code of its own, as plotting libraries do.
    """
    policy = ["default-src 'none'", "style-src 'unsafe-inline'"]
    if script:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
        policy.append(f"script-src 'sha256-{digest}'" + " 'unsafe-eval'" * evaluates)
    if more:
        policy.append(more)
    return filled(
        PAGE, title=title, body=body, style=STYLE + style, script=script, policy="; ".join(policy)
    )
