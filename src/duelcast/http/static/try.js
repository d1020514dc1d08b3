"use strict";
// Sends commands to this server, and shows the newest messages. Texts get into the page only as text.
{
  const MAX_SHOWN = 100, MAX_CHARACTERS = 20000, TOKEN = "duelcast.token";
  const form = document.getElementById("try");
  const { command, token, message, connection, clear } = form.elements;
  const state = form.querySelector(".pill"), problem = form.querySelector("[role=alert]"), log = form.querySelector(".log");
  let socket, waiting = [], isPlanned = false;

  function show(text, tone) {
    state.textContent = text;
    state.dataset.tone = tone;
    connection.textContent = socket ? "Disconnect" : "Connect";
  }

  // Messages are shown together, and at most once per frame, however many arrive.
  function add(from, text, label) {
    waiting.push({ from, text, label, at: new Date() });
    if (waiting.length > MAX_SHOWN) waiting.shift();
    if (isPlanned) return;
    isPlanned = true;
    requestAnimationFrame(() => {
      isPlanned = false;
      log.prepend(...waiting.splice(0).reverse().map(entry));
      while (log.childElementCount > MAX_SHOWN) log.lastElementChild.remove();
    });
  }

  function entry({ from, text, label, at }) {
    const item = document.createElement("li"), details = document.createElement("details");
    const summary = document.createElement("summary"), body = document.createElement("pre");
    item.dataset.from = from;
    const arrow = { client: "→", server: "←" }[from] ?? "•";
    summary.textContent = `${arrow} ${at.toLocaleTimeString("en-GB")} ${label ?? titleOf(text)}`;
    body.textContent = pretty(text).slice(0, MAX_CHARACTERS);
    body.tabIndex = 0;
    details.append(summary, body);
    item.append(label === undefined ? details : summaryAlone(summary));
    return item;
  }

  function summaryAlone(summary) {
    const line = document.createElement("p");
    line.textContent = summary.textContent;
    return line;
  }

  function parsed(text) {
    try {
      return JSON.parse(text);
    } catch {
      return undefined;
    }
  }

  function titleOf(text) {
    const { type, channel, code } = parsed(text) ?? {};
    return `${[type, code, channel].filter((part) => typeof part === "string").join(" ")}  ${text.slice(0, 200)}`;
  }

  function pretty(text) {
    const value = parsed(text);
    return value === undefined ? text : JSON.stringify(value, null, 2);
  }

  function address() {
    const url = new URL(form.dataset.address, location.href.replace(/^http/, "ws"));
    url.hash = "";
    if (form.dataset.public && !token.value) url.searchParams.set("endpoint", form.dataset.public);
    return url;
  }

  // Browsers cannot send a header; a sub-protocol, unlike a parameter, is in no log.
  function connect() {
    try {
      socket = new WebSocket(address(), token.value ? ["duelcast", token.value] : []);
    } catch {
      problem.textContent = "A token has three parts of letters, digits, - and _ with dots between them.";
      return undefined;
    }
    const opened = socket;
    show("Connecting", "warn");
    opened.addEventListener("open", () => show("Connected", "good"));
    opened.addEventListener("message", (event) => { if (opened === socket) add("server", event.data); });
    opened.addEventListener("close", ({ code, reason }) => {
      if (opened !== socket) return;
      socket = undefined;
      show("Not connected", "");
      add("link", "", code === 1006 ? "The connection failed (1006)" : `Closed with ${code} ${reason}`);
    });
    return opened;
  }

  function disconnect() {
    const open = socket;
    socket = undefined;
    open?.close();
    show("Not connected", "");
  }

  function send() {
    const text = message.value;
    problem.textContent = "";
    try {
      JSON.parse(text);
    } catch (error) {
      problem.textContent = `The message is not JSON: ${error.message}`;
      return;
    }
    const open = socket ?? connect();
    const deliver = () => {
      open.send(JSON.stringify(JSON.parse(text)));
      add("client", text);
    };
    if (open?.readyState === WebSocket.OPEN) deliver();
    else open?.addEventListener("open", deliver, { once: true });
  }

  function choose() {
    message.value = command.selectedOptions[0]?.dataset.example ?? "";
    message.rows = Math.min(message.value.split("\n").length + 1, 16);
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  connection.addEventListener("click", () => {
    problem.textContent = "";
    if (socket) disconnect();
    else connect();
  });
  clear.addEventListener("click", () => {
    waiting = [];
    log.replaceChildren();
  });
  command.addEventListener("change", choose);
  token.addEventListener("change", () => {
    token.value = token.value.trim();
    if (token.value) sessionStorage.setItem(TOKEN, token.value);
    else sessionStorage.removeItem(TOKEN);
    disconnect();
  });
  token.value = sessionStorage.getItem(TOKEN) ?? "";
  // A browser that goes back to the page may have kept the fields of the form.
  choose();
  form.hidden = false;
}
