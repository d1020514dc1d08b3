"""The pages contain everything that the documents and the guides do."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

import pytest

from duelcast.http.docs.guides import GUIDES, read_guides
from tests.http.docs.real_site import documents, html_of, real_index, real_pages, real_site
from tests.http.openapi_document import operations

WEBSOCKETS, HTTP = documents()
ENDPOINTS = list(WEBSOCKETS["channels"])
ROOT = "http://server/"
ON_THE_SERVER = {"", "asyncapi.json", "openapi.json", "console/", "docs/search.json"}


def test_market_data_comes_first() -> None:
    links = [link for link in real_pages()["docs"].links if link.startswith("docs/endpoints/")]
    assert links[0] == "docs/endpoints/market-data"
    assert {link.removeprefix("docs/endpoints/") for link in links} == set(ENDPOINTS)


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_the_page_of_an_endpoint_has_each_of_its_messages_and_operations_once(endpoint: str) -> None:
    ids = real_pages()[f"docs/endpoints/{endpoint}"].ids
    expected = [f"message-{key}" for key in WEBSOCKETS["channels"][endpoint]["messages"]]
    names = [name for name in WEBSOCKETS["operations"] if name.partition(".")[0] == endpoint]
    expected += [f"operation-{name.partition('.')[2]}" for name in names]
    assert len(expected) > 20
    assert {one: ids.count(one) for one in expected} == dict.fromkeys(expected, 1)


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_the_page_of_an_endpoint_describes_every_field_and_has_an_example_of_every_message(endpoint: str) -> None:
    text = squeezed(real_pages()[f"docs/endpoints/{endpoint}"].text)
    for reference in WEBSOCKETS["channels"][endpoint]["messages"].values():
        message = WEBSOCKETS["components"]["messages"][reference["$ref"].rpartition("/")[2]]
        schema = WEBSOCKETS["components"]["schemas"][message["payload"]["$ref"].rpartition("/")[2]]
        for name, field in schema["properties"].items():
            assert name in text
            assert unmarked(field.get("description", "")) in text, (message["name"], name)
        assert message["examples"]
        assert f'"type": "{message["name"]}"' in text


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_the_page_of_an_endpoint_has_its_rules_channels_limits_and_errors(endpoint: str) -> None:
    page = real_pages()[f"docs/endpoints/{endpoint}"]
    channel = WEBSOCKETS["channels"][endpoint]
    assert {"try-it", "rules", "connecting", "channels", "commands", "errors"} <= {*page.ids}
    for row in channel["x-channels"]:
        assert row["name"] in page.text
    assert f"{channel['x-limits']['messagesPerMinute']:,}" in page.text
    for code in channel["x-error-codes"]:
        assert f"../../docs/errors#{code}" in page.links


def test_the_rules_of_an_endpoint_are_those_of_the_protocol() -> None:
    text = squeezed(real_pages()["docs/endpoints/market-data"].text)
    assert "A pair quoted in USD, USDC or USDT has its base as symbol (SOL); any other pair is BASE-QUOTE" in text
    protocol = squeezed(real_pages()["docs/guides/protocol"].text)
    assert "A pair quoted in USD" not in protocol
    assert "../../docs/endpoints/market-data#rules" in real_pages()["docs/guides/protocol"].links


def test_what_every_command_may_be_answered_with_is_said_once_per_endpoint() -> None:
    text = real_pages()["docs/endpoints/market-data"].text
    _, own, everywhere = text.split("Commands of every endpoint")
    own = own.partition("Follows symbols, in upper or lower case")[2]
    assert "INVALID_SYMBOLS" in own
    assert "INTERNAL_ERROR" not in own
    assert "Any command may get:INVALID_REQUEST RATE_LIMIT_EXCEEDED INTERNAL_ERROR" in everywhere


def test_each_operation_is_on_the_page_of_its_tag_with_its_parameters_and_answers() -> None:
    found = list(operations(HTTP))
    assert len(found) > 50
    for name, operation in found:
        method, path = name.split()
        (tag,) = operation["tags"]
        page = real_pages()[f"docs/http/{tag.lower()}"]
        assert page.ids.count(f"operation-{operation['operationId']}") == 1
        assert f"{method.upper()} {path}" in page.text
        for parameter in operation.get("parameters", ()):
            assert unmarked(parameter["description"]) in squeezed(page.text)
        for status in operation["responses"]:
            assert status in page.text


def test_an_operation_has_a_request_for_the_shell_and_an_answer() -> None:
    text = real_pages()["docs/http/contests"].text
    assert 'curl -X POST "http://127.0.0.1:8069/api/v69/contests/$CONTEST_ID/entries"' in text
    assert '-H "Authorization: Bearer $TOKEN"' in text
    assert """-d '{"portfolio": [{"symbol": "SOL", "weight": 60}, {"symbol": "BTC", "weight": 40}]}'""" in text
    assert '"status": "registered"' in text


@pytest.mark.parametrize("path", list(real_pages()))
def test_every_link_leads_to_a_page_and_to_an_element_on_it(path: str) -> None:
    links = [link for link in real_pages()[path].links if not link.startswith("https:")]
    assert links
    for link in links:
        address = urlsplit(urljoin(f"{ROOT}{path}", link))
        assert address.netloc == "server", link
        target = address.path.removeprefix("/")
        assert target in real_pages() or target in ON_THE_SERVER, link
        assert not address.fragment or address.fragment in real_pages()[target].ids, link


@pytest.mark.parametrize("path", list(real_pages()))
def test_an_id_is_one_elements_alone(path: str) -> None:
    ids = real_pages()[path].ids
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("path", list(real_pages()))
def test_the_mark_up_of_markdown_is_not_shown(path: str) -> None:
    text = re.sub(r"\s", " ", real_pages()[path].text)
    assert not re.search(r"<br>|<!--|</a>|\]\(#|\|\s?---", text)


def test_each_guide_is_a_page_with_the_text_of_its_file() -> None:
    texts = read_guides()
    assert set(texts) == set(GUIDES)
    for name, text in texts.items():
        page = real_pages()[f"docs/guides/{name}"]
        assert text.partition("\n")[0].removeprefix("# ") in page.text
        blocks = re.findall(r"^```\w*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
        assert not [block for block in blocks if block.removesuffix("\n") not in page.text]


def test_a_page_is_found_by_its_path_alone() -> None:
    for path in ("", "docs/", "docs/endpoints", "docs/endpoints/market-data/", "docs/guides/README", "docs/../docs"):
        assert real_site().find(path) is None


# ── the search ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_search_knows_every_message_operation_and_error() -> None:
    addresses = {entry[2] for entry in real_index()}
    for endpoint in ENDPOINTS:
        for key in WEBSOCKETS["channels"][endpoint]["messages"]:
            assert f"docs/endpoints/{endpoint}#message-{key}" in addresses
    for _, operation in operations(HTTP):
        assert f"docs/http/{operation['tags'][0].lower()}#operation-{operation['operationId']}" in addresses
    for error in WEBSOCKETS["x-error-codes"]:
        assert f"docs/errors#{error['code']}" in addresses


def test_each_entry_of_the_search_leads_to_an_element() -> None:
    assert len(real_index()) > 500
    for title, _, address, *_ in real_index():
        path, _, anchor = address.partition("#")
        assert title
        assert not anchor or anchor in real_pages()[path].ids, address


def test_the_search_knows_the_words_of_the_guides() -> None:
    found = [entry[2] for entry in real_index() if "jitter" in f"{entry[3]} {entry[4]}".lower()]
    assert any(address.startswith("docs/guides/") for address in found)


def test_pages_name_the_version() -> None:
    assert "Version 1.2.3" in html_of(real_site(), "docs")


def squeezed(text: str) -> str:
    return " ".join(text.split())


def unmarked(text: str) -> str:
    """A description as the page shows it."""
    return squeezed(re.sub(r"\*(\w+)\*", r"\1", text.replace("`", "")))
