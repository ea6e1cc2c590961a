// Asks the browser for a passkey, as the form's options say, and sends the answer with the form. Options with `rp` make one.
const form = document.querySelector("form[data-passkey]");
const { options, credential } = form?.elements ?? {};

async function ask() {
  const told = JSON.parse(options.value);
  const answer = told.rp
    ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(told) })
    : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(told) });
  credential.value = JSON.stringify(answer.toJSON());
  form.submit();
}

function askOrSay() {
  ask().catch((error) => { form.querySelector("[data-says]").textContent = `No passkey: ${error.message}`; });
}

form?.addEventListener("submit", (event) => {
  if (event.submitter?.hasAttribute("data-plain")) return;
  event.preventDefault();
  askOrSay();
});
if (options && !JSON.parse(options.value).rp) askOrSay();
