"""Query -> tree. Linear, bounded, and every refusal names the character.

    any  = all { "OR" all }
    all  = { ["AND"] one }
    one  = "!" one | "(" any ")" | [field ":" [operator]] word
    word = { letters | "*" | '"' letters '"' }       in quotes, \\" and \\\\ stand for " and \\
"""

import re
from typing import Final

from mana_errors.errors import SearchSyntax
from mana_errors.model.search.fields import Field, Kind, Subject, field_named
from mana_errors.model.search.tree import (
    EVERYTHING,
    Compare,
    Match,
    Not,
    Operator,
    Pattern,
    Search,
    Text,
    all_of,
    any_of,
)
from mana_errors.model.search.values import read_value

# A few lines of a search box. Each term becomes a condition in SQL.
MAX_LENGTH: Final = 1000
MAX_TERMS: Final = 30
# Groups and negations within one another.
MAX_DEPTH: Final = 10

_LETTERS: Final = re.compile(r'[^\s()"*]+')
# Fields are written small: the "TypeError:" of a pasted title is none, nor is "https://".
_FIELD: Final = re.compile(r'([a-z]+(?:\.[^\s()"*:]+)?):(?!//)')
_OPERATOR: Final = re.compile(r"[<>]=?")
# A quoted text, its quotes included.
_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPED: Final = re.compile(r'\\(["\\])')


def parse_search(text: str, subject: Subject) -> Search:
    """The tree of a query; an empty one finds everything. Raises SearchSyntax."""
    if len(text) > MAX_LENGTH:
        raise SearchSyntax(f"longer than {MAX_LENGTH} characters", MAX_LENGTH)
    return _Parser(text, subject).whole()


class _Parser:
    def __init__(self, text: str, subject: Subject) -> None:
        self._text = text
        self._subject = subject
        self._at = 0
        self._depth = 0
        self._terms = 0

    def whole(self) -> Search:
        found = self._any()
        if not self._ended():
            raise SearchSyntax("this ) closes nothing", self._at)
        return found

    def _any(self) -> Search:
        parts = [self._all()]
        while self._keyword("OR"):
            at = self._at
            parts.append(self._all())
            if EVERYTHING in parts:
                raise SearchSyntax("OR stands between two terms", at - len("OR"))
        return any_of(parts)

    def _all(self) -> Search:
        parts: list[Search] = []
        while not self._ended() and self._text[self._at] != ")":
            if self._keyword("AND"):
                continue
            if self._follows("OR"):
                break
            parts.append(self._one())
        return all_of(parts)

    def _one(self) -> Search:
        self._terms += 1
        if self._terms > MAX_TERMS:
            raise SearchSyntax(f"more than {MAX_TERMS} terms", self._at)
        if self._text[self._at] == "(":
            return self._group()
        if self._text[self._at] == "!" and self._text[self._at + 1 : self._at + 2].strip():
            return self._negation()
        return self._term()

    def _group(self) -> Search:
        opened = self._at
        self._enter()
        found = self._any()
        if self._ended():
            raise SearchSyntax("this ( is not closed", opened)
        self._at += 1
        self._depth -= 1
        if found == EVERYTHING:
            raise SearchSyntax("nothing stands between ( and )", opened)
        return found

    def _negation(self) -> Search:
        self._enter()
        if self._text[self._at] == ")":
            raise SearchSyntax("! stands before a term", self._at - 1)
        found = Not(self._one())
        self._depth -= 1
        return found

    def _enter(self) -> None:
        """Step over ( or !, one level deeper."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise SearchSyntax(f"nested deeper than {MAX_DEPTH} levels", self._at)
        self._at += 1

    def _term(self) -> Search:
        begin = self._at
        named = _FIELD.match(self._text, begin)
        if named is None:
            return Text(self._word())
        field = field_named(named[1])
        if field is None and self._ends_word(named.end()):
            return Text(self._word())
        if field is None:
            reason = f"there is no field {named[1]}; as text, put it in quotes"
            raise SearchSyntax(reason, begin)
        if self._subject not in field.subjects:
            raise SearchSyntax(f"{named[1]} is of issues, not of {self._subject}", begin)
        self._at = named.end()
        if field.kind in {Kind.TEXT, Kind.NAME}:
            return self._matched(field)
        return self._compared(field)

    def _matched(self, field: Field) -> Search:
        begin = self._at
        pattern = self._operand(field)
        if field.kind is Kind.NAME and pattern.exact is None and not pattern.is_anything:
            raise SearchSyntax(f"{field.name} takes a whole name, or * alone for any", begin)
        return Match(field.name, pattern)

    def _compared(self, field: Field) -> Search:
        begin = self._at
        operator = Operator.EQUAL
        if written := _OPERATOR.match(self._text, begin):
            operator = Operator(written[0])
            self._at = written.end()
        at = self._at
        text = self._operand(field).exact
        if text is None:
            raise SearchSyntax(f"{field.name} takes no *", at)
        if field.kind is Kind.CHOICE and operator is not Operator.EQUAL:
            raise SearchSyntax(f"{field.name} has no order", begin)
        return Compare(field.name, operator, read_value(field, text, at))

    def _operand(self, field: Field) -> Pattern:
        if self._ends_word(self._at):
            raise SearchSyntax(f"{field.name} needs a value", self._at)
        return self._word()

    def _word(self) -> Pattern:
        """Letters, quoted texts and stars up to the next space or parenthesis."""
        pieces = [""]
        while not self._ends_word(self._at):
            if self._text[self._at] == "*":
                self._at += 1
                if len(pieces) == 1 or pieces[-1]:
                    pieces.append("")
            elif self._text[self._at] == '"':
                pieces[-1] += self._quoted()
            else:
                letters = _LETTERS.match(self._text, self._at)
                assert letters is not None  # noqa: S101 - no end of a word is here
                self._at = letters.end()
                pieces[-1] += letters[0]
        return Pattern(tuple(pieces))

    def _ends_word(self, at: int) -> bool:
        return at >= len(self._text) or self._text[at].isspace() or self._text[at] in "()"

    def _quoted(self) -> str:
        quoted = _QUOTED.match(self._text, self._at)
        if quoted is None:
            raise SearchSyntax('this " is not closed', self._at)
        self._at = quoted.end()
        return _ESCAPED.sub(r"\1", quoted[1])

    def _ended(self) -> bool:
        """Step over spaces; whether nothing is left."""
        while self._at < len(self._text) and self._text[self._at].isspace():
            self._at += 1
        return self._at >= len(self._text)

    def _follows(self, keyword: str) -> bool:
        return self._text.startswith(keyword, self._at) and self._ends_word(self._at + len(keyword))

    def _keyword(self, keyword: str) -> bool:
        if self._ended() or not self._follows(keyword):
            return False
        self._at += len(keyword)
        return True
