// Creates a passkey (options with `rp`) or signs in with one, and submits the browser's response with the form.
// This script is not deferred: it listens before the page shows a button.

// A second press this soon is a double click.
const DOUBLE_CLICK_MS = 500;
// How long the next page may take. Some redirects lead to no page: those to an application outside of the browser.
const NEXT_PAGE_MS = 3000;

let asking = null;
let isLeaving = false;
let pressed = -Infinity;

function leave() {
  isLeaving = true;
  setTimeout(() => { isLeaving = false; }, NEXT_PAGE_MS);
}

function passkey(request, { signal }) {
  return request.rp
    ? navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(request), signal })
    : navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(request), signal });
}

// A request takes the place of one that the browser still shows, or no longer does.
async function ask(form) {
  const { options, credential } = form.elements;
  const says = form.querySelector("[data-says]");
  asking?.abort();
  const current = new AbortController();
  asking = current;
  says.textContent = "Your browser prompts you for the passkey.";
  try {
    const answer = await passkey(JSON.parse(options.value), current);
    if (current.signal.aborted) return;
    credential.value = JSON.stringify(answer.toJSON());
    leave();
    form.submit();
  } catch (error) {
    if (!current.signal.aborted) says.textContent = `No passkey: ${error.message}`;
  }
}

addEventListener("submit", (event) => {
  if (!event.target.hasAttribute("data-passkey")) return;
  if (event.submitter?.hasAttribute("data-plain")) {
    asking?.abort();
    leave();
    return;
  }
  event.preventDefault();
  if (isLeaving || event.timeStamp - pressed < DOUBLE_CLICK_MS) return;
  pressed = event.timeStamp;
  ask(event.target);
});

addEventListener("DOMContentLoaded", () => {
  const form = document.querySelector("form[data-passkey]");
  if (form && !asking && !isLeaving && !JSON.parse(form.elements.options.value).rp) ask(form);
});
