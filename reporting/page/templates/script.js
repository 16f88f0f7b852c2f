"use strict";

const dialog = document.getElementById("enlarged");

for (const button of document.querySelectorAll("button.enlarge")) {
  button.addEventListener("click", () => {
    const shown = [...button.querySelectorAll("img")].find((image) => image.checkVisibility());
    const picture = shown.cloneNode();
    dialog.querySelector(".enlarged-picture").replaceChildren(picture);
    document.getElementById("enlarged-caption").textContent =
      button.closest("figure").querySelector("figcaption").textContent;
    dialog.showModal(); // the browser closes it on Escape and returns the focus
  });
}

// A click beside the picture lands on the dialog itself.
dialog.addEventListener("click", (event) => {
  if (event.target === dialog) dialog.close();
});

// Without scripts, style.css decides by the reader's setting whether animations move.
for (const button of document.querySelectorAll("button.motion")) {
  const figure = button.closest("figure");
  const alt = figure.querySelector("img").alt;
  const move = (on) => {
    figure.dataset.motion = on ? "on" : "off";
    button.textContent = on ? "Pause" : "Play";
    button.ariaLabel = `${button.textContent}: ${alt}`;
  };
  button.addEventListener("click", () => move(figure.dataset.motion === "off"));
  button.hidden = false;
  move(!matchMedia("(prefers-reduced-motion: reduce)").matches);
}

for (const button of document.querySelectorAll("button.copy")) {
  button.addEventListener("click", async () => {
    const command = button.previousElementSibling;
    try {
      await navigator.clipboard.writeText(command.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(command); // without a clipboard: ready to be copied by keyboard
      button.textContent = "Selected";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
}

// Only regions that overflow must be reachable by keyboard, to be scrolled.
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
