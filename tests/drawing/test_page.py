"""Templates: text is escaped, and what a template made is not escaped again."""

import pytest
from jinja2 import UndefinedError

from latephase.drawing.page import filled, page

HOSTILE = "</p><script>pwned()</script> & $body 'x' \"y\""


def test_text_is_escaped_once():
    template = "<ul>{% for item in items %}<li>{{ item }}</li>{% endfor %}</ul>"
    listed = filled(template, items=[HOSTILE, HOSTILE])
    assert listed.count("<li>") == 2
    assert listed.count("&lt;script&gt;") == 2
    assert "&amp;amp;" not in listed
    assert "$body" in listed


def test_a_template_with_a_value_missing_is_an_error():
    with pytest.raises(UndefinedError, match="text"):
        filled("<p>{{ text }}</p>")


def test_a_page_loads_nothing():
    text = page(HOSTILE, "<p>body</p>", "p { color: red; }")
    assert "<script" not in text
    assert "default-src 'none'; style-src 'unsafe-inline'" in text
    assert "p { color: red; }\n</style>" not in text  # our rules, as they are given
    assert "p { color: red; }</style>" in text
    assert "<p>body</p>" in text
