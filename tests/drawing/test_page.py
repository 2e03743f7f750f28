"""Templates: text is escaped, what a template made is not escaped again."""

import pytest
from jinja2 import UndefinedError

from latephase.drawing.page import Markup, filled, page

HOSTILE = "</p><script>pwned()</script> & $body 'x' \"y\""


def test_text_is_escaped_once_and_markup_is_left():
    item = filled("<li>{{ text }}</li>", text=HOSTILE)
    listed = filled("<ul>{% for item in items %}{{ item }}\n{% endfor %}</ul>", items=[item, item])
    assert listed.count("<li>") == 2
    assert listed.count("&lt;script&gt;") == 2
    assert "&amp;amp;" not in listed
    assert "$body" in listed
    assert isinstance(listed, Markup)


def test_a_template_with_a_value_missing_is_an_error():
    with pytest.raises(UndefinedError, match="text"):
        filled("<p>{{ text }}</p>")


def test_a_page_loads_nothing():
    text = page(HOSTILE, Markup("<p>body</p>"), "p { color: red; }")
    assert "<script" not in text
    assert "default-src 'none'; style-src 'unsafe-inline'" in text
    assert "p { color: red; }\n</style>" not in text  # our rules, as they are given
    assert "p { color: red; }</style>" in text
    assert "<p>body</p>" in text
