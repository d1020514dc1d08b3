// Shows which of what it asks for the policy of the page refuses.
const refused = new Set();
document.addEventListener("securitypolicyviolation", (event) => refused.add(event.effectiveDirective));

const address = new URL("../api/v69/ws/market-data", document.baseURI);
const image = (source) => Object.assign(new Image(), { src: source }).decode().catch(() => undefined);
const socket = (url) => new Promise((resolve) => Object.assign(new WebSocket(url), { onopen: resolve, onerror: resolve }));

await fetch(new URL("../healthz", document.baseURI));
await socket(address.href.replace("http", "ws"));
await image("./assets/mark-D4e5F6a7.svg");
await image("data:image/gif;base64,R0lGODlhAQABAAAAACw=");
const own = [...refused];

const elsewhere = "127.0.0.2:9";
await fetch(`http://${elsewhere}/`).catch(() => undefined);
await image(`http://${elsewhere}/image.png`);
const script = Object.assign(document.createElement("script"), { textContent: "document.title = 'taken over'" });
document.body.append(script);
const font = new FontFace("Elsewhere", `url(http://${elsewhere}/font.woff2)`);
await font.load().catch(() => undefined);
const style = Object.assign(document.createElement("style"), { textContent: "p { display: none }" });
document.body.append(style);
await new Promise((resolve) => setTimeout(resolve));

const text = document.querySelector("p");
text.textContent = JSON.stringify({ own, elsewhere: [...refused].sort(), colour: getComputedStyle(text).color });
text.id = "loaded";
