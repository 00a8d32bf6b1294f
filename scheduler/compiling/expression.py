"""The short expressions of regulation files: text in, syntax tree out. A closed set of operators.

    expression = "if" expression "then" expression "else" expression | either
    either     = both {"or" both}          both = negation {"and" negation}
    negation   = "not" negation | comparison
    comparison = sum [("<" | "<=" | ">" | ">=" | "=" | "!=") sum]
    sum        = term {("+" | "-") term}   term = factor {("*" | "/") factor}
    factor     = "-" factor | integer | name | ("min" | "max") "(" list ")"
               | "band" "(" table "," expression ")" | "(" expression ")"

What names mean, units and scales are the work of compiled.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, NoReturn, TypeAlias, Union

from scheduler.errors import RuleError

DEPTH_MAX: Final = 40
LENGTH_MAX: Final = 600
_TOKEN: Final = re.compile(r"\s*(?:(\d+)|([a-z_][a-z0-9_]*)|(<=|>=|!=|[-+*/(),<>=]))")
_WORDS: Final = frozenset({"if", "then", "else", "and", "or", "not", "min", "max", "band"})
_COMPARISONS: Final = ("<", "<=", ">", ">=", "=", "!=")


@dataclass(frozen=True, slots=True)
class Number:
    value: int


@dataclass(frozen=True, slots=True)
class Name:
    name: str


@dataclass(frozen=True, slots=True)
class Apply:
    """An operator on its arguments: `+ - * / < <= > >= = != and or not negate min max if`."""

    operator: str
    arguments: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Band:
    """The row of a table in which a value lies."""

    table: str
    argument: Tree


Tree: TypeAlias = Union["Number", "Name", "Apply", "Band"]


def parse_expression(text: str) -> Tree:
    """Syntax tree of one expression; raises RuleError that names the place in the text."""
    if len(text) > LENGTH_MAX:
        raise RuleError(f"an expression of more than {LENGTH_MAX} signs; split it into steps")
    return _Parser(text).whole()


class _Parser:
    """Recursive descent over tokens, one function per line of the grammar."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens: list[tuple[str, int]] = []
        self._at = 0
        self._depth = 0
        position = 0
        while text[position:].strip():
            match = _TOKEN.match(text, position)
            if match is None:
                self._fail(position, "is no operator of the regulations")
            self._tokens.append((match.group().strip(), match.end() - len(match.group().strip())))
            position = match.end()

    def whole(self) -> Tree:
        tree = self._expression()
        if self._at < len(self._tokens):
            self._fail(self._tokens[self._at][1], "was not expected here")
        return tree

    def _expression(self) -> Tree:
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise RuleError(f"an expression nested deeper than {DEPTH_MAX}; split it into steps")
        if self._take("if"):
            condition = self._expression()
            self._expect("then")
            then = self._expression()
            self._expect("else")
            tree: Tree = Apply("if", (condition, then, self._expression()))
        else:
            tree = self._either()
        self._depth -= 1
        return tree

    def _either(self) -> Tree:
        tree = self._both()
        while self._take("or"):
            tree = Apply("or", (tree, self._both()))
        return tree

    def _both(self) -> Tree:
        tree = self._negation()
        while self._take("and"):
            tree = Apply("and", (tree, self._negation()))
        return tree

    def _negation(self) -> Tree:
        negations = 0
        while self._take("not"):
            negations += 1
        tree = self._comparison()
        return Apply("not", (tree,)) if negations % 2 else tree

    def _comparison(self) -> Tree:
        left = self._sum()
        for operator in _COMPARISONS:
            if self._take(operator):
                return Apply(operator, (left, self._sum()))
        return left

    def _sum(self) -> Tree:
        tree = self._term()
        while (operator := self._peek()) in ("+", "-"):
            self._at += 1
            tree = Apply(operator, (tree, self._term()))
        return tree

    def _term(self) -> Tree:
        tree = self._factor()
        while (operator := self._peek()) in ("*", "/"):
            self._at += 1
            tree = Apply(operator, (tree, self._factor()))
        return tree

    def _factor(self) -> Tree:
        token = self._next()
        if token == "-":  # noqa: S105 - a sign, not a secret
            self._depth += 1
            if self._depth > DEPTH_MAX:
                raise RuleError(f"more than {DEPTH_MAX} signs in a row")
            tree: Tree = Apply("negate", (self._factor(),))
            self._depth -= 1
            return tree
        if token == "(":  # noqa: S105
            tree = self._expression()
            self._expect(")")
            return tree
        if token in ("min", "max"):
            return Apply(token, self._arguments())
        if token == "band":  # noqa: S105
            self._expect("(")
            table = self._next()
            self._expect(",")
            tree = Band(table, self._expression())
            self._expect(")")
            return tree
        if token.isdigit():
            return Number(int(token))
        if token in _WORDS or not (token[0].isalpha() or token[0] == "_"):
            self._fail(self._tokens[self._at - 1][1], "was not expected here")
        return Name(token)

    def _arguments(self) -> tuple[Tree, ...]:
        self._expect("(")
        found = [self._expression()]
        while self._take(","):
            found.append(self._expression())
        self._expect(")")
        if len(found) < 2:
            self._fail(self._tokens[self._at - 1][1], "min and max need two values or more")
        return tuple(found)

    def _peek(self) -> str:
        return self._tokens[self._at][0] if self._at < len(self._tokens) else ""

    def _next(self) -> str:
        if self._at >= len(self._tokens):
            self._fail(len(self._text), "the expression ends too early")
        self._at += 1
        return self._tokens[self._at - 1][0]

    def _take(self, token: str) -> bool:
        if self._peek() != token:
            return False
        self._at += 1
        return True

    def _expect(self, token: str) -> None:
        if not self._take(token):
            place = self._tokens[self._at][1] if self._at < len(self._tokens) else len(self._text)
            self._fail(place, f"{token!r} was expected here")

    def _fail(self, place: int, reason: str) -> NoReturn:
        here = self._text[place : place + 12] or "the end"
        raise RuleError(f"expression, sign {place + 1} ({here!r}): {reason}")
