// Creates a passkey (options with `rp`) or signs in with one, and submits the browser's response with the form.
// This script is not deferred: it listens before the page shows a button.
let asking = null;
let isSubmitted = false;

function passkey(request, { signal }) {
  return request.rp
    ? navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(request), signal })
    : navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(request), signal });
}

// A request takes the place of one that the browser still shows, or no longer does.
async function ask(form) {
  const { options, credential } = form.elements;
  asking?.abort();
  const current = new AbortController();
  asking = current;
  try {
    const answer = await passkey(JSON.parse(options.value), current);
    if (current.signal.aborted) return;
    credential.value = JSON.stringify(answer.toJSON());
    isSubmitted = true;
    form.submit();
  } catch (error) {
    if (!current.signal.aborted) form.querySelector("[data-says]").textContent = `No passkey: ${error.message}`;
  }
}

addEventListener("submit", (event) => {
  if (!event.target.hasAttribute("data-passkey")) return;
  if (event.submitter?.hasAttribute("data-plain")) {
    asking?.abort();
    return;
  }
  event.preventDefault();
  if (!isSubmitted) ask(event.target);
});

addEventListener("DOMContentLoaded", () => {
  const form = document.querySelector("form[data-passkey]");
  if (form && !JSON.parse(form.elements.options.value).rp) ask(form);
});

// A page to which the browser went back, as it was.
addEventListener("pageshow", () => { isSubmitted = false; });
