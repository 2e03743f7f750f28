"""HTML pages that need nothing but themselves: no script, nothing fetched, one look."""

import html

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


def page(title: str, body: str, style: str = "") -> str:
    """A page of a title, which is text, and a body and rules of style, which are markup."""
    title = html.escape(title)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{STYLE}{style}</style>
</head>
<body>
<main>
<h1>{title}</h1>
{body}
</main>
</body>
</html>
"""
