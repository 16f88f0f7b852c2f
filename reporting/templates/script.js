"use strict";

const dialog = document.getElementById("enlarged");

for (const button of document.querySelectorAll("button.enlarge")) {
  button.addEventListener("click", () => {
    const picture = button.querySelector("img").cloneNode();
    dialog.querySelector(".enlarged-picture").replaceChildren(picture);
    document.getElementById("enlarged-caption").textContent =
      button.closest("figure").querySelector("figcaption").textContent;
    dialog.showModal(); // the browser closes it on Escape and gives the focus back
  });
}

// A click beside the picture lands on the dialog itself.
dialog.addEventListener("click", (event) => {
  if (event.target === dialog) dialog.close();
});

for (const button of document.querySelectorAll("button.copy")) {
  button.addEventListener("click", async () => {
    const command = button.previousElementSibling;
    try {
      await navigator.clipboard.writeText(command.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(command); // no clipboard here: ready for the keyboard
      button.textContent = "Selected";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
}

// Only what overflows needs to be reached by keyboard to be scrolled.
const scrolling = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }
});
document.querySelectorAll(".scroll").forEach((region) => scrolling.observe(region));

addEventListener("beforeprint", () => {
  document.querySelectorAll("details").forEach((details) => { details.open = true; });
});
