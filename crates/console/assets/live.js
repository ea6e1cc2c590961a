// Keeps a page current: replaces what changed when the journal grows, ticks the clock, and shows the
// progress of an advance. The pages work without it.
"use strict";

(() => {
  const main = document.getElementById("content");
  const tenant = main?.dataset.tenant;
  if (!tenant) return;
  const parts = ["story", "progress"];

  // The server renders; what has another content replaces what is there: at once after an event, and then
  // at most every 300 ms.
  const SPACING = 300;
  let asking = false;
  let again = false;
  let waiting = 0;
  let shown = -SPACING;
  let took = 0;
  function reloadSoon() {
    if (asking) { again = true; return; }
    const wait = shown + SPACING - took - performance.now();
    waiting ||= setTimeout(reload, Math.max(0, wait));
  }

  async function reload() {
    waiting = 0;
    asking = true;
    const since = performance.now();
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" } });
      if (answer.ok) replace(new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch { /* The next event triggers another. */ }
    shown = performance.now();
    took = Math.min(shown - since, SPACING);
    asking = false;
    if (again) { again = false; reloadSoon(); }
  }

  function replace(page) {
    for (const id of parts) {
      const [here, there] = [document.getElementById(id), page.getElementById(id)];
      // What someone is about to type or press stays.
      if (!here || !there || here.contains(document.activeElement)) continue;
      // What someone opened stays open.
      if (here.querySelector("details[open]")) continue;
      if (id === "story") keep(here, there);
      if (here.innerHTML !== there.innerHTML) here.innerHTML = there.innerHTML;
    }
    const clock = page.getElementById("clock");
    if (clock) { document.getElementById("clock").replaceWith(clock); start(); }
  }

  // A password that was typed or generated is not replaced by another.
  function keep(here, there) {
    const [typed, drawn] = [here.querySelector("#newpasswd"), there.querySelector("#newpasswd")];
    if (typed && drawn) { drawn.setAttribute("value", typed.getAttribute("value")); }
  }

  // The clock of the tenant, between two pages.
  let ticking = 0;
  function start() {
    clearInterval(ticking);
    const clock = document.getElementById("clock");
    const speed = Number(clock?.dataset.speed ?? 0);
    if (!clock || !speed) return;
    const [from, since] = [Date.parse(clock.dateTime), performance.now()];
    const form = { timeZone: "UTC", day: "numeric", month: "short", year: "numeric" };
    ticking = setInterval(() => {
      const now = new Date(from + (performance.now() - since) * speed);
      const date = clock.querySelector(".date");
      date.textContent = `${now.toLocaleDateString("en-GB", form).replace("Sept", "Sep")} `;
      clock.lastChild.textContent = now.toISOString().slice(11, 19);
    }, 1000 / Math.min(10, Math.max(1, speed)));
  }
  start();

  // An advance of this page: it is shown as one that was started elsewhere.
  for (const form of document.querySelectorAll("form[data-busy]")) {
    form.addEventListener("submit", () => setInterval(reloadSoon, SPACING));
  }

  if (!main.dataset.cursor) return;
  const feed = new EventSource(`/lab/tenants/${encodeURIComponent(tenant)}/journal/stream?after=${encodeURIComponent(main.dataset.cursor)}`);
  feed.onmessage = reloadSoon;
  addEventListener("pagehide", () => feed.close());
})();
