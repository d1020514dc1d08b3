"""The style that `make check` demands of docs, docstrings, comments and messages."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[1] / ".ci" / "prose.py"


def findings(*paths: Path) -> list[str]:
    """The findings as `file:line: wording`, sorted; fails if the exit code does not say whether there are any."""
    process = subprocess.run([sys.executable, SCRIPT, *paths], capture_output=True, text=True, check=False)
    assert process.stderr == ""
    lines = [line for line in process.stdout.splitlines() if line != "The prose follows the style."]
    assert process.returncode == bool(lines)
    return sorted(": ".join(line.split(": ")[:2]).removeprefix(f"{paths[0].parent}/") for line in lines)


@pytest.mark.parametrize(
    ("sentence", "wording"),
    [
        ("It ends. What is deleted is gone.", "What"),
        ("Who follows gets it.", "Who"),
        ("- **Whoever asks** gets it.", "Whoever"),
        ("| a | That which is old leaves. |", "That which"),
        ("0 for who is not ranked.", "for who"),
        ("Raises for what is no wallet.", "what is no"),
        ("Where no file is, one is made.", "Where no file is,"),
        ("None where there is none.", "None where"),
        ("The change is told once.", "told"),
        ("The token does not hold yet.", "token does not hold"),
        ("A token that holds.", "token that holds"),
        ("Times are of the steady clock.", "steady clock"),
        ("A stirred service.", "stirred"),
        ("Called if its state is another.", "is another"),
        ("It is in\nin memory.", "in in"),
        ("It can not fail.", "can not"),
        ("Take an other name.", "an other"),
        ("This allows to resume.", "allows to"),
    ],
)
def test_a_wording_of_the_list_is_found(tmp_path: Path, sentence: str, wording: str) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"# Title\n\n{sentence}\n", encoding="utf-8")
    assert findings(page) == [f"page.md:3: {wording}"]


def test_plain_sentences_questions_headings_and_code_are_not_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# What is kept\n\nWhat is lost? Nothing is, and whoever asks is answered. Look where it hangs.\n\n"
        "```\nWhat was told is told.\n```\n\nThe field `told`, a [link](what-was-told), and a lock that holds it.\n",
        encoding="utf-8",
    )
    assert findings(page) == []


def test_docstrings_comments_and_messages_of_python_files_are_read_with_their_lines(tmp_path: Path) -> None:
    (tmp_path / "src" / "migrations").mkdir(parents=True)
    text = '''"""Fine.

What is old leaves."""

told = "told"  # told here
# A comment that is
# told over lines.
raise ValueError(f"{told} was never told.")
'''
    (tmp_path / "src" / "module.py").write_text(text, encoding="utf-8")
    (tmp_path / "src" / "migrations" / "released.py").write_text(text, encoding="utf-8")
    found = findings(tmp_path / "src")
    assert [line.removeprefix("src/module.py:") for line in found] == ["3: What", "5: told", "7: told", "8: told"]
