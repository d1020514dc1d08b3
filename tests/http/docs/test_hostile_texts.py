"""Whatever the documents contain, the pages show it as text."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from duelcast.http.docs.html import el
from duelcast.http.docs.markdown import rendered
from duelcast.http.docs.prose import paragraphs, prose
from duelcast.http.docs.site import SEARCH
from tests.http.docs.parsing import parsed
from tests.http.docs.real_site import html_of, page_of, site_of

HOSTILE = (
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>",
    '"><b onmouseover="alert(1)">',
    "</style></title></textarea></option><svg/onload=alert(1)>",
    "`</code><i>` and *x* ' \" & \u202e \x00",
    "--> <!-- {{ }} ${x}",
)
KNOWN_TAGS = {
    *("a", "article", "body", "button", "code", "dd", "details", "div", "dl", "dt", "em", "figcaption", "figure"),
    *("form", "h1", "h2", "h3", "head", "header", "html", "input", "label", "li", "main", "meta", "nav", "noscript"),
    *("ol", "option", "p", "pre", "script", "section", "select", "span", "strong", "style", "summary", "table"),
    *("tbody", "td", "textarea", "th", "thead", "title", "tr", "ul"),
}


def websockets(text: str) -> dict[str, Any]:
    """A document with `text` in every place that has a text."""
    message = {
        "name": text,
        "summary": text,
        "payload": {"$ref": "#/components/schemas/Payload"},
        "deprecated": True,
        "x-successor": text,
        "examples": [{"payload": {"type": text, text: [text]}}, {"payload": {text: text}}],
    }
    field = {"description": text, "type": text, "pattern": text, "format": text, "default": text}
    reference = {"$ref": "#/channels/market-data/messages/one"}
    return {
        "info": {"title": text, "description": text},
        "channels": {
            "market-data": {
                "address": text,
                "description": text,
                "messages": {"one": {"$ref": "#/components/messages/one"}},
                "bindings": {"ws": {"query": {"properties": {text: field, "endpoint": {"const": text}}}}},
                "x-limits": {"maxMessageBytes": 1024, "messagesPerMinute": 1, "heartbeatsPerMinute": 1},
                "x-channels": [
                    {
                        **dict.fromkeys(("name", "group", "kind", "who", "description"), text),
                        **{name: [text] for name in ("key", "events", "snapshotEvents", "groupSnapshotEvents")},
                    }
                ],
                "x-error-codes": [text],
                "x-successors": {text: text},
            },
            text: {"description": text},
        },
        "operations": {
            f"market-data.{text}": {
                "action": "receive",
                "channel": {"$ref": "#/channels/market-data"},
                "title": text,
                "messages": [reference],
                "reply": {"messages": [reference]},
                "x-least-role": text,
                "x-error-codes": [text],
                "x-joins": [text],
                "x-leaves": [text],
                "x-idempotency-key": text,
            },
            f"market-data.push{text}": {
                "action": "send",
                "channel": {"$ref": "#/channels/market-data"},
                "description": text,
                "messages": [reference],
            },
        },
        "components": {
            "messages": {"one": message},
            "schemas": {
                "Payload": {
                    "description": text,
                    "properties": {
                        text: field,
                        "record": {"$ref": "#/components/schemas/Payload"},
                        "choice": {"enum": [text], "deprecated": True},
                        "fixed": {"const": text},
                        "some": {"anyOf": [{"title": text, "properties": {text: field}}, {"type": "null"}]},
                    },
                    "required": [text],
                }
            },
        },
    }


def http(text: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"type": text}, "examples": {text: {"value": {text: text}}}}}
    operation = {
        "tags": [text],
        **dict.fromkeys(("summary", "description", "operationId"), text),
        "parameters": [
            {"name": text, "in": place, "description": text, "schema": {"type": text}} for place in ("path", "query")
        ],
        "security": [{"bearer": []}],
        "requestBody": {"content": content},
        "responses": {"200": {"description": text, "content": content, "headers": {text: {"description": text}}}},
    }
    return {
        "info": {"description": text},
        "tags": [{"name": text, "description": text}],
        "paths": {f"/{text}": {"post": operation}},
    }


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_in_the_documents_are_shown_as_texts(text: str) -> None:
    site = site_of(websockets(text), http(text))
    for path in site.catalogue().pages:
        page = page_of(site, path)
        assert set(page.tags) <= KNOWN_TAGS, path
        assert not [name for name in page.attributes if name.startswith("on")], path
        assert not [link for link in page.links if link.startswith(("javascript:", "data:", "//"))]
    shown = page_of(site, "docs/endpoints/market-data").text
    assert shown.count(text.replace("\x00", "\ufffd").splitlines()[0].split("`")[0].split("*")[0]) > 10
    msgspec.json.decode(html_of(site, SEARCH))


@given(st.text())
def test_any_text_is_escaped_in_elements_attributes_and_prose(text: str) -> None:
    page = parsed(el("p", text, title=text))
    assert (page.tags, page.attributes) == (["p"], ["title"])
    assert set(parsed(el("div", prose(text), paragraphs(text))).tags) <= {"div", "p", "code", "em"}


MARKDOWN = (
    "[x](javascript:alert(1)) ![x](javascript:alert(1)) <javascript:alert(1)>",
    '<script>alert(1)</script>\n\n<img src=x onerror="alert(1)">',
    "[x](//evil.example/) [y](data:text/html,x) [z](vbscript:x)",
    "```html\n</code></pre><script>alert(1)</script>\n```",
    '# <b onclick="alert(1)">x</b>\n\n| <i> |\n| --- |\n| <u>x</u> |',
    "![<b>](x) [`</a>`](clients.md)",
)


@pytest.mark.parametrize("text", MARKDOWN)
def test_hostile_markdown_is_shown_as_text(text: str) -> None:
    page = parsed(rendered(text, lambda _: None).content)
    known = {"p", "a", "em", "span", "h1", "figure", "pre", "code", "div", "table", "thead", "tbody", "tr", "th", "td"}
    assert set(page.tags) <= known
    assert not [name for name in page.attributes if name.startswith("on")]
    assert page.links == []


@given(st.text(alphabet=st.sampled_from("<>&\"'`*_[]()!#|-\\ \nabc:/=")))
def test_any_markdown_has_no_elements_of_its_own(text: str) -> None:
    page = parsed(rendered(text, lambda _: None).content)
    assert not set(page.tags) & {"script", "img", "iframe", "b", "i", "style", "svg"}
    assert not [name for name in page.attributes if name.startswith("on")]
