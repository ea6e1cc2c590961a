// Creates a passkey (options with `rp`) or signs in with one, and submits the browser's response with the form.
// This script is not deferred: it listens before a button is shown, which may be pressed while the page still loads.
let isAsking = false;

async function ask({ options, credential }) {
  const request = JSON.parse(options.value);
  const answer = request.rp
    ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(request) })
    : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(request) });
  credential.value = JSON.stringify(answer.toJSON());
}

// The browser asks one question at a time.
async function askOrReport(form) {
  if (isAsking) return;
  isAsking = true;
  try {
    await ask(form.elements);
    form.submit();
  } catch (error) {
    form.querySelector("[data-says]").textContent = `No passkey: ${error.message}`;
  } finally {
    isAsking = false;
  }
}

addEventListener("submit", (event) => {
  if (!event.target.hasAttribute("data-passkey") || event.submitter?.hasAttribute("data-plain")) return;
  event.preventDefault();
  askOrReport(event.target);
});

addEventListener("DOMContentLoaded", () => {
  const form = document.querySelector("form[data-passkey]");
  if (form && !JSON.parse(form.elements.options.value).rp) askOrReport(form);
});
