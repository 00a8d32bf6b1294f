"""XML from outside: no DTD, no entities, no network, UTF-8 only; and looking things up in it.

`check_children` is our own check of structure: which children an element may have, how often and
in what order. What the values mean is left to the readers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from lxml import etree

from adapters.reading import Report, decode_utf8, too_large

_DECLARATION: Final = re.compile(r"\s*<\?xml[^>]*\bencoding\s*=\s*[\"']([^\"']*)[\"']")
XML_BYTES_MAX: Final = 4 * 1024 * 1024  # the largest published answer has 0.7 MB
_FORBIDDEN: Final = ("<!DOCTYPE", "<!ENTITY")


@dataclass(frozen=True, slots=True)
class Node:
    """One element with its place: local names from the root, numbered where they repeat."""

    element: etree._Element
    path: str

    @property
    def name(self) -> str:
        """Its local name."""
        return _local(self.element)

    @property
    def namespace(self) -> str:
        return etree.QName(self.element).namespace or ""

    @property
    def where(self) -> str:
        """The path and the line, as a problem names them."""
        return f"{self.path} (line {self.element.sourceline})"

    @property
    def text(self) -> str:
        return (self.element.text or "").strip()

    def children(self, name: str = "") -> Iterator[Node]:
        """The children, or those of that name, numbered among their namesakes."""
        seen: dict[str, int] = {}
        totals: dict[str, int] = {}
        for element in self.element:
            totals[_local(element)] = totals.get(_local(element), 0) + 1
        for element in self.element:
            own = _local(element)
            seen[own] = seen.get(own, 0) + 1
            if not name or own == name:
                number = f"[{seen[own]}]" if totals[own] > 1 else ""
                yield Node(element, f"{self.path}/{own}{number}")

    def child(self, name: str) -> Node | None:
        """The first child of that name."""
        return next(self.children(name), None)

    def find(self, *names: str) -> Node | None:
        """The first element down that path of names."""
        node: Node | None = self
        for name in names:
            node = None if node is None else node.child(name)
        return node

    def text_of(self, *names: str) -> str:
        """The text down that path; empty when it is not there."""
        node = self.find(*names)
        return "" if node is None else node.text


@dataclass(frozen=True, slots=True)
class Part:
    """One child an element may have: its name and how often (`most` None = any number)."""

    name: str
    least: int = 0
    most: int | None = 1


def optional(*names: str) -> tuple[Part, ...]:
    """Children that may be there once."""
    return tuple(Part(name) for name in names)


def parse_xml(content: bytes, report: Report) -> Node | None:
    """The root, or None with a problem. The parser's own words are not passed on: they may quote
    the file."""
    if too_large(content, report, XML_BYTES_MAX):
        return None
    text = decode_utf8(content, report)
    if text is None:
        return None
    declared = _DECLARATION.match(text.removeprefix("\ufeff"))
    if declared and declared.group(1).upper() not in ("UTF-8", "UTF8", "US-ASCII"):
        report.add(
            "line 1",
            "encoding",
            "the file declares another encoding than UTF-8",
            "export it as UTF-8 and send it again",
        )
        return None
    if any(mark in text for mark in _FORBIDDEN):
        report.add(
            "file",
            "",
            "the file holds a document type or entity declaration",
            "send it without; this reader takes none",
        )
        return None
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.LxmlError, ValueError) as error:
        line = getattr(error, "lineno", None)
        report.add(
            "file" if line is None else f"line {line}",
            "",
            "not well-formed XML, or cut off",
            "send the whole file again",
        )
        return None
    return Node(root, _local(root))


def check_children(
    node: Node, parts: Sequence[Part], report: Report, *, order_tolerance: str = ""
) -> bool:
    """True when the children are those of `parts`, in that order; else a problem for each fault.

    With an `order_tolerance` (its name) another order is reported as tolerated.
    """
    order = {part.name: place for place, part in enumerate(parts)}
    counts: dict[str, int] = {}
    latest = 0
    sound = True
    for child in node.children():
        place = order.get(child.name)
        if place is None or child.namespace:
            report.add(
                child.where,
                child.name[:60],
                "no such element belongs here",
                "send the file as its schema says",
            )
            sound = False
            continue
        if place < latest:
            sound = _out_of_order(child, order_tolerance, report) and sound
        latest = max(latest, place)
        counts[child.name] = counts.get(child.name, 0) + 1
    return _check_counts(node, parts, counts, report) and sound


def _out_of_order(child: Node, tolerance: str, report: Report) -> bool:
    reason, repair = "the element is not in the order of the schema", "send it in that order"
    if not tolerance:
        report.add(child.where, child.name, reason, repair)
        return False
    report.tolerate(tolerance, child.where, child.name, reason, repair)
    return True


def _check_counts(
    node: Node, parts: Sequence[Part], counts: Mapping[str, int], report: Report
) -> bool:
    sound = True
    for part in parts:
        count = counts.get(part.name, 0)
        if count < part.least:
            report.add(
                node.where,
                part.name,
                "the required element is missing",
                "complete it at the source and send it again",
            )
            sound = False
        if part.most is not None and count > part.most:
            report.add(
                node.where,
                part.name,
                f"the element is there {count} times, not once",
                "correct it at the source and send it again",
            )
            sound = False
    return sound


def _local(element: etree._Element) -> str:
    tag = element.tag
    return etree.QName(tag).localname if isinstance(tag, str) else "?"
