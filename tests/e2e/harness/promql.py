"""As much of PromQL as finds what an expression selects; whether it is valid says Prometheus."""

import re
from dataclasses import dataclass

TOKEN = re.compile(
    r"""(?P<space>\s+|\#[^\n]*)
      |(?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
      |(?P<variable>\$\{\w+\}|\$\w+)
      |(?P<number>\d[\w.]*)
      |(?P<name>[A-Za-z_:][\w:]*)
      |(?P<sign>=~|!~|!=|==|<=|>=|.)""",
    re.X | re.S,
)
# Words in front of a list of labels.
LISTS = {"by", "without", "on", "ignoring", "group_left", "group_right"}
WORDS = LISTS | {"and", "or", "unless", "offset", "bool", "atan2", "inf", "nan", "start", "end"}
# What follows the name of a function or an aggregation.
CALLS = {"(", "by", "without"}


@dataclass
class Selector:
    name: str  # empty: by its matchers alone
    matchers: list  # of (label, operator, value)
    range: str = ""  # what stands in the brackets behind it
    function: str = ""  # whose argument it is; empty: none's
    start: int = 0
    end: int = 0  # of name and matchers in the expression

    @property
    def labels(self) -> set[str]:
        return {label for label, _, _ in self.matchers}

    def text(self, expression: str) -> str:
        return expression[self.start : self.end]


class Parser:
    def __init__(self, expression: str):
        self.tokens = [
            (match.lastgroup, match.group(), match.start())
            for match in TOKEN.finditer(expression)
            if match.lastgroup != "space"
        ]
        self.tokens.append(("end", "", len(expression)))
        self.at = 0
        self.selectors: list[Selector] = []
        self.lists: list[list[str]] = []  # labels that it groups or matches by

    def peek(self) -> str:
        return self.tokens[self.at][1]

    def take(self):
        token = self.tokens[self.at]
        self.at += 1
        return token

    def take_until(self, end: str) -> list:
        taken = []
        while self.peek() != end:
            taken.append(self.take())
            assert taken[-1][0] != "end", f"{end} is missing"
        self.take()
        return taken

    def walk(self):
        calls = []  # the function in front of each open parenthesis
        while self.tokens[self.at][0] != "end":
            kind, text, start = self.take()
            if text == "(":
                calls.append("")
            elif text == ")":
                calls.pop()
            elif text == "{" or (kind == "name" and text not in WORDS and self.peek() not in CALLS):
                self.selector(text, start, calls[-1] if calls else "")
            elif kind == "name" and text in LISTS:
                if self.peek() == "(":
                    self.take()
                    self.lists.append([t for k, t, _ in self.take_until(")") if k == "name"])
            elif kind == "name" and self.peek() == "(":
                self.take()
                calls.append(text)
        assert not calls, "parentheses do not match"
        return self

    def selector(self, text: str, start: int, function: str):
        found = Selector("" if text == "{" else text, [], function=function, start=start)
        if text == "{" or self.peek() == "{":
            if text != "{":
                self.take()
            inside = [token for token in self.take_until("}") if token[1] != ","]
            found.matchers = [
                (inside[i][1], inside[i + 1][1], inside[i + 2][1][1:-1])
                for i in range(0, len(inside), 3)
            ]
        found.end = self.tokens[self.at - 1][2] + len(self.tokens[self.at - 1][1])
        if self.peek() == "[":
            self.take()
            found.range = "".join(t for _, t, _ in self.take_until("]"))
        self.selectors.append(found)


def selectors(expression: str) -> list[Selector]:
    return Parser(expression).walk().selectors


def label_lists(expression: str) -> list[list[str]]:
    return Parser(expression).walk().lists
