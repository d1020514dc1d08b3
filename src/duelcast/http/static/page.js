"use strict";
// Small comforts of every page of the documentation, none of which is needed to read it.
{
  const root = new URL(document.querySelector(".search").dataset.root, location.href);

  for (const place of document.querySelectorAll(".origin")) {
    place.textContent = root.href.replace(/^http/, place.dataset.scheme).replace(/\/$/, "");
  }

  // Browsers let only pages of safe origins write to the clipboard.
  if (navigator.clipboard) {
    for (const figure of document.querySelectorAll("figure.code")) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "copy";
      button.textContent = "Copy";
      button.onclick = async () => {
        const copied = await navigator.clipboard.writeText(figure.querySelector("code").textContent).then(() => true, () => false);
        button.textContent = copied ? "Copied" : "Not permitted";
        setTimeout(() => { button.textContent = "Copy"; }, 2000);
      };
      figure.append(button);
    }
  }

  const contents = document.getElementById("contents");
  const here = contents.querySelector('[aria-current="page"]');
  if (here) contents.scrollTop = here.offsetTop - 2 * here.offsetHeight;
  contents.addEventListener("click", (event) => {
    if (event.target.closest("a") && contents.matches(":popover-open")) contents.hidePopover();
  });
}
