// Reloads the changing parts of the page. The page works without it.
"use strict";

(() => {
  const part = document.getElementById("live");
  const progress = document.getElementById("progress");
  if (!part) return;
  const tenant = encodeURIComponent(part.dataset.tenant);
  let asking = false;
  let again = false;

  // The server renders the content; an event of the journal triggers the reload.
  async function ask() {
    if (asking) { again = true; return; }
    asking = true;
    try {
      const answer = await fetch(`/console/${tenant}/live`, { headers: { accept: "text/html" } });
      if (answer.ok && !part.contains(document.activeElement)) {
        const open = part.querySelector("details")?.open;
        part.innerHTML = await answer.text();
        if (open) part.querySelector("details").open = true;
      }
    } catch { /* The next event of the journal triggers another reload. */ }
    asking = false;
    if (again) { again = false; setTimeout(ask, 500); }
  }

  const after = part.dataset.cursor ? `?after=${encodeURIComponent(part.dataset.cursor)}` : "";
  const feed = new EventSource(`/lab/tenants/${tenant}/journal/stream${after}`);
  let waiting = 0;
  feed.onmessage = () => { clearTimeout(waiting); waiting = setTimeout(ask, 300); };
  addEventListener("pagehide", () => feed.close());

  for (const form of document.querySelectorAll("form[data-busy]")) {
    form.addEventListener("submit", () => {
      progress.textContent = `${form.dataset.busy} …`;
      // After the browser has read which button was pressed.
      setTimeout(() => { for (const button of document.querySelectorAll("form button")) button.disabled = true; });
    });
  }
  addEventListener("pageshow", () => {
    progress.textContent = "";
    for (const button of document.querySelectorAll("form button")) button.disabled = false;
  });
})();
