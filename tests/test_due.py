"""Which of the slow targets `make ci` leaves out."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[1] / ".ci" / "due"
ALL = ["conformance", "browser-test", "rehearsal"]
GATEWAY = "src/duelcast/gateway/socket.py"
CHAT = "src/duelcast/domain/chat.py"
PAGE = "src/duelcast/http/static/docs.css"


class Project:
    """A repository with the script and a few files."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.record = root / ".ci" / "last-full"
        self.write("README.md", GATEWAY, CHAT, PAGE)
        self.record.parent.mkdir()
        shutil.copy(SCRIPT, self.record.parent)
        self.git("init", "-q")
        self.commit()

    def write(self, *names: str, text: str = "one\n") -> None:
        for name in names:
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_text(text)

    def git(self, *arguments: str) -> str:
        identity = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.com")
        command = ("git", *identity, *arguments)
        return subprocess.run(command, cwd=self.root, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()

    def commit(self) -> str:
        self.git("add", "--all")
        self.git("commit", "-q", "--message", "Another")
        return self.git("rev-parse", "HEAD")

    def due(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        own = {name: value for name, value in os.environ.items() if name not in ("FULL", "GIT_DIR", "GIT_WORK_TREE")}
        command = (str(self.record.with_name("due")), *arguments)
        return subprocess.run(command, env=own | environment, check=True, capture_output=True, text=True)

    def passed_all(self) -> str:
        """Record that a full run passed; returns the commit that was recorded."""
        self.due("record")
        commit = self.git("rev-parse", "HEAD")
        self.commit()
        return commit


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_without_a_full_run_everything_is_due(project: Project) -> None:
    assert project.due().stdout.split() == ALL


def test_after_one_nothing_is_due_and_it_says_since_which_commit(project: Project) -> None:
    commit = project.passed_all()
    ended = project.due()
    assert ended.stdout == ""
    assert [line.partition(":")[0] for line in ended.stderr.splitlines()] == ALL
    assert all(f"has changed since {commit} " in line for line in ended.stderr.splitlines())


def test_full_runs_everything(project: Project) -> None:
    project.passed_all()
    assert project.due(FULL="1").stdout.split() == ALL


@pytest.mark.parametrize(
    ("name", "due"),
    [
        ("README.md", []),
        (CHAT, ["rehearsal"]),
        (PAGE, ["browser-test", "rehearsal"]),
        (GATEWAY, ALL),
        ("requirements-dev.lock", ALL),
    ],
)
@pytest.mark.parametrize("committed", [True, False])
def test_what_covers_a_file_is_due_when_it_changes(
    project: Project, name: str, due: list[str], committed: bool
) -> None:
    project.passed_all()
    project.write(name, text="two\n")
    if committed:
        project.commit()
    assert project.due().stdout.split() == due


def test_a_file_that_is_moved_away_or_not_committed_yet_has_changed(project: Project) -> None:
    project.passed_all()
    project.git("mv", CHAT, "chat.py")
    assert project.due().stdout.split() == ["rehearsal"]
    project.write("src/duelcast/http/new.py")
    assert project.due().stdout.split() == ["browser-test", "rehearsal"]


@pytest.mark.parametrize("recorded", ["", "0" * 40, "no commit"])
def test_after_a_full_run_of_a_commit_that_is_not_known_everything_is_due(project: Project, recorded: str) -> None:
    project.record.write_text(f"{recorded}\n")
    assert project.due().stdout.split() == ALL


def test_without_git_everything_is_due(project: Project) -> None:
    project.passed_all()
    shutil.rmtree(project.root / ".git")
    assert project.due().stdout.split() == ALL


def test_a_run_of_what_is_not_committed_is_not_written_down(project: Project) -> None:
    project.write(CHAT, text="two\n")
    assert "not everything is committed" in project.due("record").stderr
    assert not project.record.exists()
