"""Templates per language: the words are chosen while compiling, what comes in is still escaped."""

from __future__ import annotations

import pytest
from jinja2 import TemplateAssertionError, UndefinedError
from markupsafe import Markup

from node.portal.formatting import LANGUAGES
from node.portal.pages import compile_templates, templates_of

HOSTILE = "<script>alert('1') & \"2\"</script>"
ESCAPED = "&lt;script&gt;alert(&#39;1&#39;) &amp; &#34;2&#34;&lt;/script&gt;"


def shown(text: str, language: str = "nl", **values: object) -> str:
    return templates_of(language).from_string(text).render(**values)


def test_a_fixed_text_is_that_of_the_language() -> None:
    text = '<b>{{ t("Over", "Left") }}</b>'
    assert [shown(text, language) for language in LANGUAGES] == ["<b>Over</b>", "<b>Left</b>"]


def test_fixed_words_become_part_of_the_markup_around_them() -> None:
    source = templates_of("nl").compile('<b>{{ t("Over", "Left") }}</b>', raw=True)
    assert "yield '<b>Over</b>'" in source


def test_a_text_of_a_record_is_that_of_the_language_and_nothing_when_there_is_none() -> None:
    text = "{{ t(nl, en) }}|{% if t(nl, en) %}yes{% else %}no{% endif %}"
    assert shown(text, "nl", nl="huur", en=None) == "huur|yes"
    assert shown(text, "en", nl="huur", en=None) == "|no"


@pytest.mark.parametrize(
    "text",
    [
        "{{ value }}",
        "{{ t(value, value) }}",
        "{% set kept = t(value, value) %}{{ kept }}",
        "{% macro part(x) %}{{ x }}{% endmacro %}{{ part(value) }}",
        "{% for each in [value] %}{{ each }}{% endfor %}",
        "{{ value | replace('none', 'x') }}",
    ],
)
def test_what_comes_in_is_escaped_wherever_it_stands(text: str) -> None:
    assert shown(text, value=HOSTILE) == ESCAPED


def test_a_fixed_text_is_escaped_too() -> None:
    assert shown('{{ t("a & b", "a < b") }}', "en") == "a &lt; b"


def test_markup_of_our_own_is_shown_as_it_is() -> None:
    assert shown("{{ value }}", value=Markup("<svg/>")) == "<svg/>"


def test_functions_of_formatting_know_the_language() -> None:
    assert shown("{{ euro(cents) }}", "en", cents=123_456) == "€1,234.56"
    assert shown("{{ sign(way) }}", "nl", way="in") == "erbij"


def test_a_name_that_nobody_gave_is_told() -> None:
    with pytest.raises(UndefinedError):
        shown("{{ t(missing, missing) }}")


@pytest.mark.parametrize("text", ['{{ t("Over") }}', '{{ t(dutch="Over", english="Left") }}'])
def test_a_text_in_one_language_only_does_not_compile(text: str) -> None:
    with pytest.raises(TemplateAssertionError, match="Dutch text and the English one"):
        shown(text)


def test_every_template_compiles_in_every_language() -> None:
    compile_templates()
