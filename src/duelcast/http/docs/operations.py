"""The page of a part of the HTTP API: the operations with the same tag."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from duelcast.http.docs.article import Article, Entry, Section, anchor_of, heading
from duelcast.http.docs.code import code_block, json_block, origin
from duelcast.http.docs.fields import field_names, fields
from duelcast.http.docs.html import Html, Node, el, html
from duelcast.http.docs.links import Link
from duelcast.http.docs.prose import codes, paragraphs, plain, prose
from duelcast.http.docs.resolving import Described, resolved
from duelcast.http.problems import PROBLEM_MEDIA_TYPE

_VERBS = ("get", "post", "put", "patch", "delete")
_PLACES = {"path": "Path parameters", "query": "Query parameters", "header": "Headers", "cookie": "Cookies"}


def operations_page(openapi: Described, tag: Described, link: Link) -> Article:
    """The page of the operations with `tag`."""
    name, about = str(tag["name"]), str(tag.get("description", ""))
    found = [each for each in _operations(openapi, link) if name in each.described.get("tags", ())]
    content = html(el("h1", name), paragraphs(about), (each.article() for each in found))
    entries = [Entry(name, "HTTP API", plain(about)), *(each.entry(name) for each in found)]
    return Article(f"{name}, HTTP API", content, [each.section for each in found], entries)


class _Operation:
    def __init__(self, openapi: Described, verb: str, path: str, described: Described, link: Link) -> None:
        self._openapi = openapi
        self._link = link
        self._verb = verb.upper()
        self._path = path
        self.described = described
        self._anchor = anchor_of("operation", str(described.get("operationId", f"{verb}-{path}")))
        self._parameters = [resolved(openapi, one) for one in described.get("parameters", ())]
        self._body = resolved(openapi, described.get("requestBody"))

    @property
    def section(self) -> Section:
        return Section(self._anchor, str(self.described.get("summary", self._path)))

    def entry(self, tag: str) -> Entry:
        """The entry of the operation in the search."""
        names = " ".join(f"{one.get('name')} {plain(str(one.get('description', '')))}" for one in self._parameters)
        body = field_names(self._openapi, _content(self._body).get("schema"))
        about = plain(f"{self.section.title}. {self.described.get('description', '')}")
        return Entry(f"{self._verb} {self._path}", f"HTTP API, {tag}", about, self._anchor, f"{names} {body}")

    def article(self) -> Html:
        line = el("p", el("strong", self._verb), " ", el("code", self._path), class_="route")
        about = html(
            heading(2, self._anchor, self.section.title),
            line,
            paragraphs(str(self.described.get("description", ""))),
            el("p", "Needs a token.") if self._needs_token else None,
            self._shown_parameters(),
            self._shown_body(),
            [el("h3", "Answers"), self._answers()],
        )
        return el("article", el("div", el("div", about), el("div", self._examples()), class_="pair"))

    @property
    def _needs_token(self) -> bool:
        security = self.described.get("security", [])
        return bool(security) and {} not in security

    def _shown_parameters(self) -> Iterator[Node]:
        for place, title in _PLACES.items():
            here = [one for one in self._parameters if one.get("in") == place]
            if here:
                properties = {one["name"]: _parameter_schema(one) for one in here}
                required = [one["name"] for one in here if one.get("required")]
                yield [el("h3", title), fields(self._openapi, {"properties": properties, "required": required})]

    def _shown_body(self) -> Node:
        content = _content(self._body)
        if not content:
            return None
        about = str(_schema_of(content).get("description", ""))
        return [
            el("h3", "Body"),
            el("p", prose(about)) if about else None,
            fields(self._openapi, _bare(_schema_of(content))),
        ]

    def _answers(self) -> Node:
        """The answers: first those with the result, then all problems together."""
        answers = {status: resolved(self._openapi, one) for status, one in self.described.get("responses", {}).items()}
        problems = {status: one for status, one in answers.items() if PROBLEM_MEDIA_TYPE in one.get("content", {})}
        others = [self._answer(status, one) for status, one in answers.items() if status not in problems]
        if not problems:
            return others
        inner = [self._answer(status, one) for status, one in problems.items()]
        return [others, el("details", el("summary", codes(problems), " ", _dim("Problems.")), inner)]

    def _answer(self, status: str, answer: Described) -> Html:
        label = html(el("code", status), " ", _dim(str(answer.get("description", ""))))
        inner = [self._headers(answer), self._answer_body(answer)]
        return el("details", el("summary", label), inner) if any(inner) else el("p", label, class_="status")

    def _answer_body(self, answer: Described) -> Node:
        content = _content(answer)
        if PROBLEM_MEDIA_TYPE in answer.get("content", {}):
            problem = el("a", "problem", href=self._link("docs/errors#problem"))
            return [
                el("p", "A ", problem, ", such as:"),
                json_block(_example(content)) if _has_example(content) else None,
            ]
        return fields(self._openapi, _bare(_schema_of(content))) if "schema" in content else None

    def _headers(self, answer: Described) -> Node:
        headers = {name: resolved(self._openapi, one) for name, one in answer.get("headers", {}).items()}
        if not headers:
            return None
        properties = {name: _parameter_schema(one) for name, one in headers.items()}
        return [el("p", "Headers", class_="label"), fields(self._openapi, {"properties": properties})]

    def _examples(self) -> Iterator[Node]:
        yield code_block(*self._curl(), label="Request")
        success = next((one for status, one in self.described.get("responses", {}).items() if status[0] == "2"), None)
        content = _content(resolved(self._openapi, success))
        if _has_example(content):
            yield json_block(_example(content), "Answer")

    def _curl(self) -> Iterator[Node]:
        method = "" if self._verb == "GET" else f"-X {self._verb} "
        path = self._path
        for one in self._parameters:
            if one.get("in") == "path":
                path = path.replace(f"{{{one['name']}}}", f"${str(one['name']).upper()}")
        yield html(f'curl {method}"', origin("http"), f'{path}"')
        if self._needs_token:
            yield ' \\\n  -H "Authorization: Bearer $TOKEN"'
        content = _content(self._body)
        if _has_example(content):
            body = json.dumps(_example(content), ensure_ascii=False).replace("'", "'\\''")
            yield f" \\\n  -H \"Content-Type: application/json\" \\\n  -d '{body}'"


def _dim(text: str) -> Html:
    return el("span", prose(text), class_="dim")


def _operations(openapi: Described, link: Link) -> Iterator[_Operation]:
    for path, item in openapi.get("paths", {}).items():
        for verb in _VERBS:
            if verb in item:
                yield _Operation(openapi, verb, path, item[verb], link)


def _parameter_schema(parameter: Described) -> Described:
    """The schema of a parameter. Null means that the parameter is left out."""
    schema = dict(parameter.get("schema", {}))
    if "enum" in schema:
        schema["enum"] = [value for value in schema["enum"] if value is not None]
    described = parameter.get("description") or schema.get("description")
    return {"default": None, **schema} | ({"description": described} if described else {})


def _content(body: Described) -> Described:
    """The first media type of a body; empty if it has none."""
    return next(iter(body.get("content", {}).values()), {})


def _schema_of(content: Described) -> Described:
    schema: Described = content.get("schema", {})
    return schema


def _bare(schema: Described) -> Described:
    """A schema without the list of one part that only adds a description."""
    parts = schema.get("allOf", ())
    return parts[0] if len(parts) == 1 else schema


def _has_example(content: Described) -> bool:
    return bool(content.get("examples"))


def _example(content: Described) -> Any:
    return next(iter(content["examples"].values())).get("value")
