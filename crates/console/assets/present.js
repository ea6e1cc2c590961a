// On the projector: the arrow keys follow the links between ideas. The pages work without it.
"use strict";

(() => {
  const keys = { ArrowRight: "last", PageDown: "last", ArrowLeft: "first", PageUp: "first" };
  // The idea that is on the screen.
  const shown = () => [...document.querySelectorAll(".idea")]
    .find((idea) => idea.getBoundingClientRect().bottom > innerHeight / 2);
  addEventListener("keydown", (event) => {
    const end = keys[event.key];
    if (!end || event.altKey || event.ctrlKey || event.metaKey || event.target.closest("input, textarea, select")) return;
    const link = shown()?.querySelector(`.pager > a:${end}-child`);
    if (!link) return;
    event.preventDefault();
    link.click();
  });
})();
