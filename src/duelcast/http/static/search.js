"use strict";
// Filters the index that the server made. It is read when somebody first searches.
{
  const MAX_RESULTS = 30;
  const box = document.querySelector(".search");
  const input = box.querySelector("input"), panel = box.querySelector(".results");
  const status = panel.querySelector("p"), list = panel.querySelector("ul");
  const root = new URL(box.dataset.root, location.href);
  let reading;

  async function read() {
    const response = await fetch(new URL(box.dataset.index, location.href));
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    return (await response.json()).map(([title, context, address, text, words]) =>
      ({ title, context, address, text, name: title.toLowerCase(), all: `${title} ${context} ${text} ${words}`.toLowerCase() }));
  }

  // How well an entry answers: the least is the best, and undefined is none.
  function rank(entry, query, words) {
    if (!words.every((word) => entry.all.includes(word))) return undefined;
    if (entry.name === query) return 0;
    if (entry.name.startsWith(query)) return 1;
    if (entry.context === "WebSocket endpoint" && words.every((word) => entry.text.toLowerCase().includes(word))) return 2;
    return words.every((word) => entry.name.includes(word)) ? 3 : 4;
  }

  function find(index, query) {
    const words = query.split(/\s+/);
    return index.map((entry) => [rank(entry, query, words), entry]).filter(([rank_]) => rank_ !== undefined)
      .sort(([one], [other]) => one - other).map(([, entry]) => entry);
  }

  function shown(entry) {
    const item = document.createElement("li"), link = document.createElement("a");
    const title = document.createElement("strong"), context = document.createElement("small"), text = document.createElement("span");
    title.textContent = entry.title;
    context.textContent = entry.context;
    text.textContent = entry.text;
    link.href = new URL(entry.address, root);
    link.append(title, context, text);
    item.append(link);
    return item;
  }

  async function search() {
    const query = input.value.trim().toLowerCase();
    panel.hidden = query === "";
    if (query === "") return list.replaceChildren();
    if (list.childElementCount === 0) status.textContent = "Searching";
    try {
      const found = find(await (reading ??= read()), query);
      if (query !== input.value.trim().toLowerCase()) return undefined;
      list.replaceChildren(...found.slice(0, MAX_RESULTS).map(shown));
      status.textContent = found.length === 0 ? "Nothing found" : `${found.length} found`;
    } catch (error) {
      reading = undefined;
      list.replaceChildren();
      status.textContent = `The index cannot be read: ${error.message}`;
    }
    return undefined;
  }

  // The field shows the results when it gets the focus.
  function close() {
    input.focus();
    panel.hidden = true;
  }

  // Moves the focus by so many places among the field and the results.
  function move(by) {
    const places = [input, ...list.querySelectorAll("a")];
    places[Math.min(Math.max(places.indexOf(document.activeElement) + by, 0), places.length - 1)].focus();
  }

  box.hidden = false;
  input.addEventListener("input", search);
  input.addEventListener("focus", () => { panel.hidden = input.value.trim() === ""; });
  box.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") move(1);
    else if (event.key === "ArrowUp") move(-1);
    else if (event.key === "Enter" && event.target === input) list.querySelector("a")?.click();
    else if (event.key === "Escape" && !panel.hidden) close();
    else return;
    event.preventDefault();
  });
  list.addEventListener("click", (event) => { if (event.target.closest("a")) panel.hidden = true; });
  document.addEventListener("pointerdown", (event) => { if (!box.contains(event.target)) panel.hidden = true; });
  document.addEventListener("keydown", (event) => {
    const writes = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (event.key !== "/" || writes || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    input.focus();
    input.select();
  });
}
