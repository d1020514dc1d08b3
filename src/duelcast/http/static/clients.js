"use strict";
// Shows the `prices` of the client's script above.
setInterval(() => {
  if (!prices.size) return;
  const rows = [...prices].sort().map(([symbol, price]) => {
    const row = document.createElement("tr");
    const name = row.insertCell(), value = row.insertCell();
    name.textContent = symbol;
    value.textContent = String(price);
    value.className = "number";
    return row;
  });
  document.getElementById("prices").replaceChildren(...rows);
}, 250);
