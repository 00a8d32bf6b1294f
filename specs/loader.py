"""Strict YAML for the data files of `specs/`: every value with its line, nothing guessed.

Refused with file and line: duplicate keys, floats (a rate is an integer over a scale), anchors and
merge keys, words that YAML 1.1 would read as something else (`no`, `12:30`, `010`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Final, NoReturn, TypeAlias

import yaml

from specs.errors import SpecFileError, ValueFaultError
from specs.values import parse_date

YamlValue: TypeAlias = bool | int | str | date | list["YamlValue"] | dict[str, "YamlValue"] | None
Lines: TypeAlias = Mapping[str, int]  # "parameters.p1.value" -> line, from 1; "" = the whole file

DEPTH_MAX: Final = 12
BYTES_MAX: Final = 4_000_000
_INTEGER: Final = re.compile(r"-?(0|[1-9][0-9]*)")
_TAG: Final = "tag:yaml.org,2002:"
# libyaml where PyYAML was built with it: the same nodes in a tenth of the time.
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load_yaml(path: Path) -> tuple[YamlValue, Lines]:
    """Value of one file and the line of every path in it; raises SpecFileError."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SpecFileError(str(path), None, f"cannot be read: {error.strerror}") from error
    return parse_yaml(content, str(path))


def parse_yaml(content: bytes, name: str) -> tuple[YamlValue, Lines]:
    """The same from bytes; `name` stands in the errors."""
    if len(content) > BYTES_MAX:
        raise SpecFileError(name, None, f"more than {BYTES_MAX} bytes; split the file")
    try:
        text = content.decode("utf-8")
        _refuse_anchors(text, name)
        node = yaml.compose(text, Loader=_LOADER)
    except UnicodeDecodeError as error:
        raise SpecFileError(name, None, "is not UTF-8; save it as UTF-8") from error
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = None if mark is None else int(mark.line) + 1
        problem = getattr(error, "problem", None) or "is not YAML"
        raise SpecFileError(name, line, f"{problem}; correct the file") from error
    lines: dict[str, int] = {"": 1}
    if node is None:
        return None, lines
    return _Walk(name, lines).value(node, "", 0), lines


def _refuse_anchors(text: str, name: str) -> None:
    for token in yaml.scan(text, Loader=_LOADER):
        if isinstance(token, yaml.AliasToken | yaml.AnchorToken | yaml.TagToken):
            line = token.start_mark.line + 1
            raise SpecFileError(name, line, "anchors, aliases, tags are not used here; write out")


class _Walk:
    """Turns composed nodes into values, noting lines."""

    def __init__(self, name: str, lines: dict[str, int]) -> None:
        self._name = name
        self._lines = lines

    def value(self, node: yaml.Node, path: str, depth: int) -> YamlValue:
        self._lines[path] = node.start_mark.line + 1
        if depth > DEPTH_MAX:
            self._fail(node, f"nested deeper than {DEPTH_MAX}; flatten it")
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path, depth)
        if isinstance(node, yaml.SequenceNode):
            return [
                self.value(child, _join(path, str(index)), depth + 1)
                for index, child in enumerate(node.value)
            ]
        return self._scalar(node)

    def _mapping(self, node: yaml.MappingNode, path: str, depth: int) -> dict[str, YamlValue]:
        found: dict[str, YamlValue] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._fail(key_node, "a key is a plain word")
            key = str(key_node.value)
            if key == "<<":
                self._fail(key_node, "merge keys are not used here; write it out")
            if key in found:
                self._fail(key_node, f"the key {key!r} stands here twice; keep one")
            found[key] = self.value(value_node, _join(path, key), depth + 1)
            self._lines[_join(path, key)] = key_node.start_mark.line + 1
        return found

    def _scalar(self, node: yaml.Node) -> YamlValue:
        text = str(node.value)
        if not isinstance(node, yaml.ScalarNode) or node.style:
            return text  # quoted or a block: always a text
        kind = node.tag.removeprefix(_TAG)
        if kind == "null" and text in ("null", "~", ""):
            return None
        if kind == "bool" and text in ("true", "false"):
            return text == "true"
        if kind == "int" and _INTEGER.fullmatch(text):
            return int(text)
        if kind == "timestamp":
            try:
                return parse_date(text)
            except ValueFaultError as error:
                self._fail(node, str(error))
        if kind == "float":
            self._fail(node, f"{text} is a float; write an integer and its scale")
        if kind != "str":
            self._fail(node, f"{text!r} would be read as {kind}; put quotes around it")
        return text

    def _fail(self, node: yaml.Node, message: str) -> NoReturn:
        raise SpecFileError(self._name, node.start_mark.line + 1, message)


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
