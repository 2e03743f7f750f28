"""HTML pages that need nothing but themselves: no script, nothing fetched, one look.

The templates are the standard library's (``$name``). What is put into one is escaped, unless it is
:class:`Markup`, which is what a filled template is.
"""

import html
from collections.abc import Iterable
from string import Template

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
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>$style</style>
</head>
<body>
<main>
<h1>$title</h1>
$body
</main>
</body>
</html>
"""


class Markup(str):
    """HTML that goes into a page as it is."""


def filled(template: str, **values: object) -> Markup:
    """A template with its values, which are escaped unless they are :class:`Markup`."""
    texts = {
        name: value if isinstance(value, Markup) else html.escape(str(value))
        for name, value in values.items()
    }
    return Markup(Template(template).substitute(texts))


def joined(parts: Iterable[Markup], between: str = "") -> Markup:
    """Pieces of HTML one after the other."""
    return Markup(between.join(parts))


def page(title: str, body: Markup, style: str = "") -> Markup:
    """A page of a title and a body, with rules of style beside those that all pages have."""
    return filled(PAGE, title=title, body=body, style=Markup(STYLE + style))
