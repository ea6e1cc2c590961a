// Creates a passkey (options with `rp`) or signs in with one, and submits the browser's response with the form.
const form = document.querySelector("form[data-passkey]");
const { options, credential } = form?.elements ?? {};

async function ask() {
  const request = JSON.parse(options.value);
  const answer = request.rp
    ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(request) })
    : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(request) });
  credential.value = JSON.stringify(answer.toJSON());
  form.submit();
}

function askOrReport() {
  ask().catch((error) => { form.querySelector("[data-says]").textContent = `No passkey: ${error.message}`; });
}

form?.addEventListener("submit", (event) => {
  if (event.submitter?.hasAttribute("data-plain")) return;
  event.preventDefault();
  askOrReport();
});
if (options && !JSON.parse(options.value).rp) askOrReport();
