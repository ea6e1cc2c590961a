// Journal events as sentences. The lab's own description has one for each kind of event.

const descriptions = new WeakMap();

async function readDescriptions(lab) {
  const api = await lab.call("describe its API", "GET", "/lab/openapi.json");
  const kinds = api.components?.schemas?.JournalLine?.oneOf ?? [];
  return new Map(kinds.map(({ title, description }) => [title, description]));
}

const isText = (value) => typeof value === "string" || typeof value === "number";

function sentence(kinds, { at, service, kind, subject, data }) {
  const { upn, client_name: client, display_name: name, method, path, status, error } = data;
  const what = kinds.get(kind) ?? `${kind}: ${subject}.`;
  const reason = [data.description, data.answer?.error_description, data.effect, data.code].find(isText);
  const details = [upn, client, name, method && path && `${method} ${path}`, status, error].filter(isText).join(", ");
  return [at.replace(/\.\d+Z$/, "Z"), service.padEnd(8), what, reason, details && `(${details})`].filter(Boolean).join(" ");
}

export async function journalInWords(lab, lines) {
  const kinds = descriptions.get(lab) ?? (await readDescriptions(lab));
  descriptions.set(lab, kinds);
  return lines.map((line) => sentence(kinds, line));
}
