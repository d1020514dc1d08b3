"""`docs/protocol.md` is the contract: its tables are current, and each reference to it leads somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from duelcast.endpoints.documents.markdown import protocol_blocks, readme_blocks, refreshed
from duelcast.endpoints.documents.model import describe
from duelcast.endpoints.registry import find_endpoints

PROJECT = Path(__file__).resolve().parents[1]
CONTRACT = describe(find_endpoints().values())
PAGE = (PROJECT / "docs" / "protocol.md").read_text(encoding="utf-8")

_NUMBER = r"\d+(?:\.\d+)?"
_PART = r"`[^`]+`(?: and `[^`]+`)?|[A-Z]\w+(?: [a-z]+)?"
_SECTIONS = rf"§{_NUMBER}(?:(?:, |–)§{_NUMBER})*"
_CITATION = re.compile(rf"\bprotocol\s+(?P<sections>{_SECTIONS})(?:,?\s(?P<part>{_PART}))?")
_UNCHECKED = re.compile(rf"\bprotocol,?\s+(?:sections?\s+)?{_NUMBER}")
"""A citation in another form, which the tests of citations would miss."""


class Citation(NamedTuple):
    """`part` is a heading or a name within the section `numbers[-1]`."""

    place: str
    numbers: list[str]
    part: str | None


def pages() -> Iterator[tuple[Path, str]]:
    """All sources and tests with their texts."""
    for path in sorted([*(PROJECT / "src").rglob("*.py"), *(PROJECT / "tests").rglob("*.py")]):
        yield path, path.read_text(encoding="utf-8")


def citations() -> Iterator[Citation]:
    """The citations in all sources and tests."""
    for path, text in pages():
        for found in _CITATION.finditer(text):
            numbers = re.findall(_NUMBER, found["sections"])
            yield Citation(f"{path.relative_to(PROJECT)}: {found[0]}", numbers, found["part"])


def sections() -> dict[str, str]:
    """The text of each numbered section, including its subsections."""
    found: dict[str, str] = {}
    for heading in re.finditer(r"^(#{2,3}) (\d+(?:\.\d+)?)\.? ", PAGE, re.MULTILINE):
        end = re.search(rf"^#{{2,{len(heading[1])}}} ", PAGE[heading.end() :], re.MULTILINE)
        found[heading[2]] = PAGE[heading.start() :][
            : None if end is None else heading.end() - heading.start() + end.start()
        ]
    return found


def test_its_tables_and_that_of_the_readme_are_current() -> None:
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    assert refreshed(PAGE, protocol_blocks(CONTRACT)) == PAGE, "run `make docs`"
    assert refreshed(readme, readme_blocks(CONTRACT)) == readme, "run `make docs`"


def test_its_sections_are_numbered_without_gaps() -> None:
    numbers = [number for number in sections() if "." not in number]
    assert numbers == [str(number) for number in range(1, 15)]
    assert [number for number in sections() if "." in number] == ["1.1", "1.2", "1.3", "1.4", "1.5"]


def test_every_citation_in_sources_and_tests_leads_to_a_section() -> None:
    known = sections()
    cited = list(citations())
    assert len(cited) > 100
    assert not [one.place for one in cited if not set(one.numbers) <= known.keys()]


def test_every_citation_has_the_form_that_is_checked() -> None:
    others = [f"{path.name}: {found[0]}" for path, text in pages() for found in _UNCHECKED.finditer(text)]
    assert not others, "write `protocol §1.2`"


def test_every_part_of_a_section_that_is_cited_is_there() -> None:
    known = sections()
    cited = [one for one in citations() if one.part is not None]
    assert len(cited) > 10
    for one in cited:
        section, part = known[one.numbers[-1]], one.part or ""
        names = re.findall(r"`([^`]+)`", part)
        is_there = (
            all(name in section for name in names) if names else re.search(rf"^#+ {part}$", section, re.MULTILINE)
        )
        assert is_there, one.place


def test_every_endpoint_has_a_section_of_its_own() -> None:
    assert len(CONTRACT.endpoints) > 8
    for endpoint in CONTRACT.endpoints:
        assert re.search(rf'^<a id="{endpoint.name}"></a>\n## \d+\. ', PAGE, re.MULTILINE), endpoint.name


def test_the_snapshots_that_differ_are_those_of_channels_that_exist() -> None:
    table = PAGE.partition("| channel or group | begins with |\n")[2].partition("\n\n")[0]
    named = re.findall(r"`([^`]+)`", "\n".join(row.split("|")[1] for row in table.splitlines()[1:]))
    channels = [channel for endpoint in CONTRACT.endpoints for channel in endpoint.channels]
    assert len(named) > 10
    assert {*named} <= {channel.name for channel in channels} | {channel.group for channel in channels}


@pytest.mark.parametrize("name", ["docs/protocol.md", "docs/architecture.md", "CONTRIBUTING.md", "README.md"])
def test_every_link_leads_to_a_file_and_to_a_heading_in_it(name: str) -> None:
    page = PROJECT / name
    links = re.findall(r"\]\((?![a-z]+:)([^)\s]*)\)", page.read_text(encoding="utf-8"))
    assert links
    for link in links:
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target.read_text(encoding="utf-8")), link


def anchors(page: str) -> set[str]:
    """The anchors that a link into `page` may name: those that GitHub makes of headings, and explicit ones."""
    headings = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    spelled = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    return spelled | {heading.lower() for heading in headings} | set(re.findall(r'<a id="([^"]+)"></a>', page))
