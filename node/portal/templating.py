"""Templates compiled once for each language: what a language decides is decided before any visit.

A template says `t("Over", "Left")` and `euro(cents)`. While it is compiled (never per page), `t`
becomes the text or expression of the one language, so that fixed words melt into the markup around
them; a function of formatting becomes a direct call, and with fixed values its result. What a
visitor or a record brings in is escaped as ever. Which functions there are is told in pages.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateAssertionError, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.visitor import NodeTransformer
from markupsafe import escape

from node.portal.formatting import Language

TEMPLATES: Final = Path(__file__).with_name("templates")
EITHER: Final = "t"
_PLACE: Final = ("nl", "en")
_SPECIAL: Final = re.compile("[&<>'\"]").search

Functions = Mapping[str, Callable[..., str]]


class _Choice(NodeTransformer):
    """Rewrites one template's tree for one language."""

    def __init__(self, language: Language, functions: Functions, name: str | None) -> None:
        self._place = _PLACE.index(language)
        self._functions = functions
        self._name = name

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802 (jinja2's name)
        """`t(nl, en)` and the functions of formatting; any other call stays as it is."""
        self.generic_visit(node)
        called = node.node
        if not isinstance(called, nodes.Name):
            return node
        if called.name == EITHER:
            return self._chosen(node)
        if called.name not in self._functions or not node.args:
            return node
        first, *others = node.args
        return nodes.Filter(
            first, called.name, others, node.kwargs, node.dyn_args, node.dyn_kwargs,
            lineno=node.lineno,
        )  # fmt: skip

    def _chosen(self, node: nodes.Call) -> nodes.Node:
        if len(node.args) != len(_PLACE) or node.kwargs or node.dyn_args or node.dyn_kwargs:
            raise TemplateAssertionError(
                "t() takes the Dutch text and the English one", node.lineno, self._name
            )
        chosen = node.args[self._place]
        if isinstance(chosen, nodes.Const):
            return chosen
        # A text that is None (nothing to say) is shown as nothing.
        return nodes.Or(chosen, nodes.Const("", lineno=node.lineno), lineno=node.lineno)


class _Code(CodeGenerator):
    """Values come out by `LanguageTemplates.shown`: escaped, without an object for each."""

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape:
            super()._output_child_pre(node, frame, finalize)
        else:
            self.write("environment.shown(")


class LanguageTemplates(Environment):
    """The templates of the pages in one language; escaped by default."""

    code_generator_class = _Code

    def __init__(self, language: Language, functions: Functions) -> None:
        super().__init__(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,  # a new version of the program is a new process
        )
        self.language = language
        self._functions = functions
        self.filters.update(functions)

    def _generate(
        self,
        source: nodes.Template,
        name: str | None,
        filename: str | None,
        defer_init: bool = False,
    ) -> str:
        chosen = _Choice(self.language, self._functions, name).visit(source)
        return super()._generate(chosen, name, filename, defer_init)

    @staticmethod
    def shown(value: object) -> str:
        """A value as it stands in a page: markup of our own as it is, anything else escaped."""
        if type(value) is str and _SPECIAL(value) is None:
            return value  # nothing in it to escape, as in most texts
        return escape(value)

    def compile_all(self) -> None:
        """Compile every template now, so that no visitor waits for it."""
        for name in self.list_templates():
            self.get_template(name)
