// Journal events as lines of text.

export function inWords({ at, service, kind, words = kind }) {
  return [at.replace(/\.\d+Z$/, "Z"), service.padEnd(8), words].join(" ");
}
