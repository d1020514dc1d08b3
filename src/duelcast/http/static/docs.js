"use strict";
// Renders ./asyncapi.json and ./openapi.json. Texts get into the page only as text nodes.

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
  // With a default of null, the field may be absent, which `optional` already says.
  const either = (schema.oneOf ?? schema.anyOf)?.filter((part) => schema.default !== null || part.type !== "null");
  if (either) {
    const described = either.map((part) => describe(kind, { description: schema.description, ...part }));
    return described.flatMap((part, index) => (index ? [" or ", ...part] : part));
  }
  if (schema.const !== undefined) return [make("code", {}, JSON.stringify(schema.const))];
  if (schema.enum) return schema.enum.flatMap((value, index) => [index ? " " : "", make("code", {}, JSON.stringify(value))]);
  const type = [schema.type ?? "anything"].flat().join(" or ");
  if (type === "array") return [`array${limits(schema)} of `, ...describe(kind, schema.items ?? {})];
  const values = schema.additionalProperties;
  if (values && typeof values === "object") return [`object${limits(schema)} of `, ...describe(kind, values)];
  return [type + limits(schema)];
}

// The limits of a value. A pattern is for programs, so it is left out if the schema has a description.
function limits(schema) {
  const found = [
    range(schema.minItems ?? schema.minProperties, schema.maxItems ?? schema.maxProperties, " members"),
    range(schema.minLength, schema.maxLength, " characters"),
    range(schema.minimum, schema.maximum, ""),
    schema.exclusiveMinimum === undefined ? "" : `> ${shown(schema.exclusiveMinimum)}`,
    schema.exclusiveMaximum === undefined ? "" : `< ${shown(schema.exclusiveMaximum)}`,
    schema.pattern && !schema.description ? `matches ${schema.pattern}` : "",
    schema.format ?? "",
  ].filter(Boolean);
  return found.length ? ` (${found.join(", ")})` : "";
}

function range(least, most, unit) {
  // Every integer has these limits, so they are left out.
  const low = least === -Number.MAX_SAFE_INTEGER ? undefined : least, high = most === Number.MAX_SAFE_INTEGER ? undefined : most;
  if (low === undefined && high === undefined) return "";
  if (low === undefined) return `≤ ${shown(high)}${unit}`;
  return high === undefined ? `≥ ${shown(low)}${unit}` : `${shown(low)}–${shown(high)}${unit}`;
}

const shown = (number) => (Number.isInteger(number) && Math.abs(number) < 1e15 ? number.toLocaleString("en") : String(number));

// The description of a schema, and of the values in it.
function sayings(schema) {
  const parts = [schema.items, schema.additionalProperties, ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])];
  const inner = parts.filter((part) => part && typeof part === "object").map(sayings).find(Boolean);
  return [schema.description, inner].filter(Boolean).join(" ");
}

function fields(kind, schema) {
  const properties = Object.entries(schema.properties ?? {});
  if (!properties.length) return make("p", {}, ...describe(kind, schema));
  const required = new Set(schema.required ?? []);
  return table(["Field", "Type", "Meaning"], properties.map(([name, field]) => [
    [make("code", {}, name), required.has(name) ? "" : make("span", { class: "dim" }, " optional")],
    describe(kind, field), prose(sayings(field))]));
}

// Prose of the documents: `code` between back-ticks, *emphasis* between stars, nothing else.
function prose(text) {
  const emphasized = (part) => part.split(/\*(\w+)\*/).map((word, index) => (index % 2 ? make("em", {}, word) : word));
  return (text ?? "").split("`").flatMap((part, index) => (index % 2 ? make("code", {}, part) : emphasized(part)));
}

const paragraph = (text) => (text ? make("p", {}, ...prose(text)) : null);

// Each cell is a list of its parts; an empty column is left out.
function table(titles, rows) {
  const kept = titles.map((_, column) => rows.some((cells) => cells[column].some((part) => part !== "")));
  const shownOf = (cells) => cells.filter((_, column) => kept[column]);
  return make("div", { class: "wide" }, make("table", {},
    make("thead", {}, make("tr", {}, ...shownOf(titles).map((title) => make("th", { scope: "col" }, title)))),
    make("tbody", {}, ...rows.map((cells) => make("tr", {}, ...shownOf(cells).map((cell) => make("td", {}, ...cell)))))));
}

function message(asyncapi, reference) {
  const found = follow(asyncapi, reference), payload = follow(asyncapi, found.payload);
  const name = found.name ?? found.title ?? nameOf(reference.$ref ?? "message"), summary = found.summary ?? "";
  // A description may begin with the summary, which is already shown above.
  const more = (found.description ?? payload.description ?? "").split(/\n\n+/).map((text) => text.replace(/\n/g, " "));
  if (more[0] === summary) more.shift();
  const note = [found.deprecated ? "Deprecated." : "", summary].join(" ").trim();
  return make("details", {}, make("summary", {}, make("code", {}, name), " ", make("span", { class: "dim" }, ...prose(note))),
    ...more.map(paragraph), fields("ws", payload));
}

// A command: its names, the role that it needs, and the answers and errors that not every command has.
function command(asyncapi, one, common) {
  const replies = answersOf(one).filter((reference) => !common.answers.includes(reference.$ref));
  const role = one["x-least-role"], codes = codesOf(one).filter((code) => !common.codes.includes(code));
  const parts = (one.messages ?? []).map((reference) => message(asyncapi, reference));
  parts[0]?.append(role && role !== "anonymous" ? make("p", {}, "Needs the role ", make("code", {}, role), ".") : "",
    codes.length ? make("p", {}, "Errors: ", ...spaced(codes)) : "",
    ...(replies.length ? [make("p", {}, "Answers:"), ...replies.map((reference) => message(asyncapi, reference))] : []));
  return parts;
}

const answersOf = (one) => unique(one.reply?.messages ?? []);
const codesOf = (one) => one["x-error-codes"] ?? [];

// The answers and errors that all commands share, which are shown once.
function inCommon(commands) {
  const inAll = (lists) => (lists[0] ?? []).filter((entry) => lists.every((list) => list.includes(entry)));
  return { answers: inAll(commands.map((one) => answersOf(one).map((reference) => reference.$ref))),
    codes: inAll(commands.map(codesOf)) };
}

function commandsOf(asyncapi, commands) {
  const common = inCommon(commands);
  const shared = common.answers.map((reference) => message(asyncapi, { $ref: reference }));
  return [make("h4", {}, "The client sends"), ...commands.flatMap((one) => command(asyncapi, one, common)),
    ...(shared.length ? [make("p", {}, "Any command may be answered with ", ...spaced(common.codes), ", in"), ...shared] : [])];
}

const spaced = (names) => names.flatMap((name, index) => [index ? " " : "", make("code", {}, name)]);

function channels(rows) {
  if (!rows?.length) return [];
  return [make("h4", {}, "Channels"), table(["Channel", "Kind", "Carries", "Who", "Meaning"], rows.map((row) => [
    spaced([row.name, row.group].filter(Boolean)), [row.kind, row.key?.length ? ` (${row.key.join(", ")})` : ""],
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
      ...commandsOf(asyncapi, own.filter((one) => one.action === "receive")),
      successors.length ? make("p", {}, "Refused commands, and what to send instead: ", ...spaced(successors.map((pair) => pair.join(" → ")))) : null,
      ...sent.flatMap((one) => [make("h4", {}, ...prose(one.description ?? "The server sends")),
        ...unique(one.messages ?? []).map((each) => message(asyncapi, each))])].filter(Boolean);
  });
}

function unique(references) {
  return [...new Map(references.map((one) => [one.$ref ?? JSON.stringify(one), one])).values()];
}

// The example of a body, closed at first.
function exampleOf(content, title) {
  const example = Object.values(content?.examples ?? {})[0];
  return example ? make("details", {}, make("summary", {}, title, " ", make("span", { class: "dim" }, ...prose(example.summary))),
    make("pre", {}, JSON.stringify(example.value, null, 2))) : null;
}

function operation(openapi, verb, path, one) {
  const parameters = (one.parameters ?? []).map((reference) => follow(openapi, reference));
  const properties = Object.fromEntries(parameters.map((each) => [`${each.name} (${each.in})`,
    { ...each.schema, description: each.description ?? each.schema?.description }]));
  const required = parameters.filter((each) => each.required).map((each) => `${each.name} (${each.in})`);
  const contentOf = (described) => Object.values(follow(openapi, described)?.content ?? {})[0];
  const body = contentOf(one.requestBody);
  const success = Object.keys(one.responses ?? {}).find((status) => status.startsWith("2"));
  const answers = Object.entries(one.responses ?? {}).map(([status, reference]) => {
    const answer = follow(openapi, reference), content = contentOf(answer);
    return [[status], content ? describe("http", content.schema) : [], prose(answer.description)];
  });
  return make("details", {}, make("summary", {}, make("span", { class: "verb" }, verb.toUpperCase()), " ",
    make("code", {}, path), " ", make("span", { class: "dim" }, one.summary ?? "")),
  paragraph(one.description), parameters.length ? fields("http", { properties, required }) : null,
  body ? make("p", {}, "Body: ", ...describe("http", body.schema)) : null,
  exampleOf(body, "Example of a body"),
  table(["Status", "Body", "Meaning"], answers),
  exampleOf(contentOf(one.responses?.[success]), "Example of an answer"));
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
