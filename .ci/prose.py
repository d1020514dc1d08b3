"""Checks the style of prose: finds wordings that make readers stop, in Markdown files and in the docstrings, comments
and messages of Python files.

Usage: prose.py FILE_OR_FOLDER ... It prints `file:line: wording: advice` for each finding, and exits with 1 if there
is one. It skips fenced blocks in Markdown, and code `spans` everywhere.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import NamedTuple


class Rule(NamedTuple):
    """A wording to avoid, as a regular expression, and the reason or what to write instead."""

    wording: str
    advice: str


START = r"(?:\A|(?<=[.!?]\s)|(?<=\n\n)|(?<=[-*|(]\s)|(?<=\*\*))\s*"
QUESTION = r"(?![^.!]*\?)"
FROZEN = "migrations"  # not checked, because migrations never change after their release
VALID = "token|ban|mute|session|signature|challenge|certificate|key|claim|lease|lock|position|role"

RULES = (
    Rule(rf"{START}(?:What|Who|Whoever|That which|That of)\b{QUESTION}", "name the thing or the person first"),
    Rule(r"\b(?:for|of|by|with|to|tells?|calls?|asks?) who\b", 'write "those who", or name the person'),
    Rule(r"\bwhat is no(?:ne)?\b(?! longer)", 'write "an invalid ..."'),
    Rule(rf"{START}Where\b{QUESTION}(?:(?!\n\n)[^.:;])*,", 'a condition begins with "If"'),
    Rule(r"\b(?:None|null|[Ff]alse|[Ee]mpty|[Nn]othing(?: \w+)?|`·+`) where\b", 'a condition begins with "if"'),
    Rule(r"\b[Tt]old\b", 'messages are "published" or "broadcast", listeners "called", people "notified"'),
    Rule(rf"\b(?:{VALID})s?(?: (?:that|does|do|not|no longer|still))* holds?(?= now| yet|[.,;:]|$)", '"is valid"'),
    Rule(r"\b[Ss]teady (?:clock|time|seconds)\b", 'the clock is "monotonic"'),
    Rule(r"\b[Ss]tirr(?:ed|ing)\b", 'changed state is "dirty"'),
    Rule(r"\bis another(?: one)?(?=[.;,])", 'write "changed" or "differs"'),
    Rule(r"\b(?i:([a-z]+))(?: +|\n)(?i:\1)\b(?![-'.]\w)", "one word too many"),
    Rule(r"\b[Cc]an not\b(?! only)", '"cannot"'),
    Rule(r"\b[Aa]n other\b", '"another"'),
    Rule(r"\b(?:allow|permit|enable)s? to\b", 'say whom: "lets clients ...", "allows the server to ..."'),
)


class Passage(NamedTuple):
    """A text, and the number of its first line."""

    text: str
    line: int


def main(arguments: list[str]) -> int:
    paths = chain.from_iterable(sorted(one.rglob("*.*")) if one.is_dir() else [one] for one in map(Path, arguments))
    read = (path for path in paths if path.suffix in (".md", ".py") and FROZEN not in path.parts)
    findings = [finding for path in read for finding in findings_in(path)]
    print(*findings, sep="\n") if findings else print("The prose follows the style.")
    return bool(findings)


def findings_in(path: Path) -> Iterator[str]:
    source = path.read_text(encoding="utf-8")
    for text, first_line in markdown(source) if path.suffix == ".md" else python(source):
        prose = without_spans(text)
        for wording, advice in RULES:
            for match in re.finditer(wording, prose):
                found = match.group().strip()
                line = first_line + prose.count("\n", 0, match.end() - len(match.group().lstrip()))
                yield f"{path}:{line}: {' '.join(found.split())}: {advice}"


def markdown(source: str) -> Iterator[Passage]:
    """The whole file as one passage. The lines of fenced blocks are emptied, so that line numbers stay right."""
    in_block, lines = False, []
    for line in source.splitlines():
        is_fence = line.lstrip().startswith("```")
        lines.append("" if is_fence or in_block else line)
        in_block ^= is_fence
    yield Passage("\n".join(lines), 1)


def python(source: str) -> Iterator[Passage]:
    """Strings with at least two spaces, docstrings included; and comments, those on adjacent lines as one passage."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.count(" ") > 1:
            yield Passage(re.sub(r"\n +", "\n", node.value), node.lineno)
    block: list[str] = []
    last = 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            line, column = token.start
            if block and (line != last + 1 or token.line[:column].strip()):
                yield Passage("\n".join(block), last - len(block) + 1)
                block = []
            block.append(token.string.lstrip("# "))
            last = line
    if block:
        yield Passage("\n".join(block), last - len(block) + 1)


def without_spans(text: str) -> str:
    """The text with code spans blanked out and the targets of links removed. The number of lines stays the same."""
    text = re.sub(r"`[^`]+`", lambda span: re.sub(r"[^`\n]", "·", span.group()), text)
    return re.sub(r"\]\([^)\s]*\)", "]", text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
