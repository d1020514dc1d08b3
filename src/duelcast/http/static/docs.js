"use strict";
// Renders ./asyncapi.json and ./openapi.json. Text reaches the page as text nodes alone.

const root = new URL(location.pathname.replace(/\/docs\/?$/, "/"), location.origin);
document.querySelectorAll("[data-root]").forEach((link) => { link.href = new URL(link.dataset.root, root); });

function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) element.setAttribute(name, value);
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

function follow(document_, node) {
  for (let steps = 0; node && node.$ref && steps < 20; steps += 1) {
    node = node.$ref.replace(/^#\//, "").split("/")
      .map((part) => decodeURIComponent(part).replace(/~1/g, "/").replace(/~0/g, "~"))
      .reduce((inner, key) => inner?.[key], document_);
  }
  return node ?? {};
}

const nameOf = (reference) => decodeURIComponent(reference.split("/").pop());
const anchorOf = (kind, name) => `${kind}-${name.replace(/[^A-Za-z0-9_-]/g, "-")}`;

// A schema in one line: types, choices, limits, links to named schemas.
function describe(kind, schema) {
  if (!schema || typeof schema !== "object") return [String(schema ?? "anything")];
  if (schema.$ref) {
    const name = nameOf(schema.$ref);
    return [make("a", { href: `#${anchorOf(kind, name)}` }, name)];
  }
  if (schema.allOf?.length === 1) return describe(kind, schema.allOf[0]);
  const either = schema.oneOf ?? schema.anyOf;
  if (either) return either.flatMap((part, index) => (index ? [" or ", ...describe(kind, part)] : describe(kind, part)));
  if (schema.const !== undefined) return [make("code", {}, JSON.stringify(schema.const))];
  if (schema.enum) return schema.enum.flatMap((value, index) => [index ? " " : "", make("code", {}, JSON.stringify(value))]);
  const type = [schema.type ?? "anything"].flat().join(" or ");
  if (type === "array") return ["array of ", ...describe(kind, schema.items ?? {})];
  const values = schema.additionalProperties;
  if (values && typeof values === "object") return ["object of ", ...describe(kind, values)];
  return [type + limits(schema)];
}

function limits(schema) {
  const names = { minimum: "≥", maximum: "≤", exclusiveMinimum: ">", exclusiveMaximum: "<", minLength: "length ≥",
    maxLength: "length ≤", pattern: "matches", format: "format" };
  const found = Object.keys(names).filter((name) => schema[name] !== undefined);
  return found.length ? ` (${found.map((name) => `${names[name]} ${schema[name]}`).join(", ")})` : "";
}

function fields(kind, schema) {
  const properties = Object.entries(schema.properties ?? {});
  if (!properties.length) return make("p", {}, ...describe(kind, schema));
  const required = new Set(schema.required ?? []);
  return table(["Field", "Type", ""], properties.map(([name, field]) => [
    [make("code", {}, name), required.has(name) ? "" : make("span", { class: "dim" }, " optional")],
    describe(kind, field), prose(field.description)]));
}

// Prose of the documents: `code` between back-ticks, nothing else.
function prose(text) {
  return (text ?? "").split("`").map((part, index) => (index % 2 ? make("code", {}, part) : part));
}

const paragraph = (text) => (text ? make("p", {}, ...prose(text)) : null);

function table(titles, rows) {
  return make("div", { class: "wide" }, make("table", {},
    make("thead", {}, make("tr", {}, ...titles.map((title) => make("th", { scope: "col" }, title)))),
    make("tbody", {}, ...rows.map((cells) => make("tr", {}, ...cells.map((cell) => make("td", {}, ...cell)))))));
}

function message(asyncapi, reference) {
  const found = follow(asyncapi, reference), payload = follow(asyncapi, found.payload);
  const name = found.name ?? found.title ?? nameOf(reference.$ref ?? "message");
  const note = [found.deprecated ? "Deprecated." : "", found.summary ?? ""].join(" ").trim();
  return make("details", {}, make("summary", {}, make("code", {}, name), " ", make("span", { class: "dim" }, ...prose(note))),
    found.description === found.summary ? null : paragraph(found.description),
    payload.description === found.summary ? null : paragraph(payload.description), fields("ws", payload));
}

// A command: its names, who may send it, what answers it.
function command(asyncapi, one) {
  const replies = unique(one.reply?.messages ?? []).map((reference) => message(asyncapi, reference));
  const role = one["x-least-role"], codes = one["x-error-codes"] ?? [];
  const parts = (one.messages ?? []).map((reference) => message(asyncapi, reference));
  parts[0]?.append(role && role !== "anonymous" ? make("p", {}, "Needs the role ", make("code", {}, role), ".") : "",
    codes.length ? make("p", {}, "Errors: ", ...spaced(codes)) : "",
    ...(replies.length ? [make("p", {}, "Answers:"), ...replies] : []));
  return parts;
}

const spaced = (names) => names.flatMap((name, index) => [index ? " " : "", make("code", {}, name)]);

function channels(rows) {
  if (!rows?.length) return [];
  return [make("h4", {}, "Channels"), table(["Channel", "Kind", "Carries", "Who", ""], rows.map((row) => [
    spaced([row.name, row.group].filter(Boolean)), [row.kind, row.key ? ` (${row.key})` : ""],
    spaced(row.events ?? []), prose(row.who), prose(row.description)]))];
}

function limitsOf(found) {
  const words = Object.entries(found ?? {}).map(([name, value]) =>
    `${name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)}: ${value.toLocaleString("en")}`);
  return words.length ? make("p", { class: "dim" }, words.join(" · ")) : null;
}

function renderWebSocket(asyncapi) {
  const operations = Object.values(asyncapi.operations ?? {}).map((one) => follow(asyncapi, one));
  return Object.entries(asyncapi.channels ?? {}).flatMap(([id, reference]) => {
    const channel = follow(asyncapi, reference);
    const own = operations.filter((one) => one.channel?.$ref && nameOf(one.channel.$ref).replace(/~1/g, "/") === id);
    const sent = own.filter((one) => one.action === "send");
    const successors = Object.entries(channel["x-successors"] ?? {});
    return [make("h3", { id: anchorOf("endpoint", id) }, make("code", {}, channel.address ?? id)),
      paragraph(channel.description), limitsOf(channel["x-limits"]), ...channels(channel["x-channels"]),
      make("h4", {}, "The client sends"),
      ...own.filter((one) => one.action === "receive").flatMap((one) => command(asyncapi, one)),
      successors.length ? make("p", {}, "Refused, with what to send instead: ", ...spaced(successors.map((pair) => pair.join(" → ")))) : null,
      ...sent.flatMap((one) => [make("h4", {}, ...prose(one.description ?? "The server sends")),
        ...unique(one.messages ?? []).map((each) => message(asyncapi, each))])].filter(Boolean);
  });
}

function unique(references) {
  return [...new Map(references.map((one) => [one.$ref ?? JSON.stringify(one), one])).values()];
}

function operation(openapi, verb, path, one) {
  const parameters = (one.parameters ?? []).map((reference) => follow(openapi, reference));
  const properties = Object.fromEntries(parameters.map((each) => [`${each.name} (${each.in})`,
    { ...each.schema, description: each.description ?? each.schema?.description }]));
  const required = parameters.filter((each) => each.required).map((each) => `${each.name} (${each.in})`);
  const body = Object.values(follow(openapi, one.requestBody)?.content ?? {})[0];
  const answers = Object.entries(one.responses ?? {}).map(([status, reference]) => {
    const answer = follow(openapi, reference), content = Object.values(answer.content ?? {})[0];
    return [[status], content ? describe("http", content.schema) : [], prose(answer.description)];
  });
  return make("details", {}, make("summary", {}, make("span", { class: "verb" }, verb.toUpperCase()), " ",
    make("code", {}, path), " ", make("span", { class: "dim" }, one.summary ?? "")),
  paragraph(one.description), parameters.length ? fields("http", { properties, required }) : null,
  body ? make("p", {}, "Body: ", ...describe("http", body.schema)) : null,
  table(["Status", "Body", ""], answers));
}

function renderHttp(openapi) {
  const verbs = ["get", "post", "put", "patch", "delete"];
  return Object.entries(openapi.paths ?? {}).flatMap(([path, item]) =>
    verbs.filter((verb) => item[verb]).map((verb) => operation(openapi, verb, path, item[verb])));
}

function renderSchemas(kind, title, document_) {
  const schemas = Object.entries(document_.components?.schemas ?? {});
  return schemas.length ? [make("h3", {}, title), ...schemas.map(([name, schema]) =>
    make("details", { id: anchorOf(kind, name) }, make("summary", {}, make("code", {}, name)),
      paragraph(schema.description), fields(kind, schema)))] : [];
}

// A link to a closed part opens it.
function openTarget() {
  const target = location.hash && document.getElementById(location.hash.slice(1));
  if (target && target.tagName === "DETAILS") {
    target.open = true;
    target.scrollIntoView();
  }
}

async function read(name) {
  const response = await fetch(new URL(name, root));
  if (!response.ok) throw new Error(`${name}: HTTP ${response.status}`);
  return response.json();
}

async function show() {
  const state = document.getElementById("state");
  try {
    const [asyncapi, openapi] = await Promise.all([read("asyncapi.json"), read("openapi.json")]);
    document.getElementById("websocket-body").append(paragraph(asyncapi.info?.description) ?? "", ...renderWebSocket(asyncapi));
    document.getElementById("http-body").append(paragraph(openapi.info?.description) ?? "", ...renderHttp(openapi));
    document.getElementById("schemas-body").append(
      ...renderSchemas("ws", "WebSocket", asyncapi), ...renderSchemas("http", "HTTP", openapi));
    state.remove();
    openTarget();
  } catch (error) {
    state.textContent = `The documents cannot be shown: ${error.message}. Reload the page.`;
  }
}

addEventListener("hashchange", openTarget);
show();
