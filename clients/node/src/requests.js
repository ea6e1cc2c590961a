// Requests to the lab API. They use node:http, so that a test can replace `fetch`, and a connection
// each, because the lab closes idle ones.

import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";

import { LabError } from "./lab_error.js";

const EXCERPT = 300;
// How long a request may take. One that moves time executes much work.
const REQUEST_MS = 120_000;
const CLOCK_MS = 3_600_000;

const limitOf = (method, path) => (method === "POST" && path.endsWith("/clock") ? CLOCK_MS : REQUEST_MS);

function send(method, url, body, signal) {
  return new Promise((resolve, reject) => {
    const request = url.protocol === "https:" ? requestHttps : requestHttp;
    const headers = { accept: "application/json" };
    if (body !== undefined) {
      Object.assign(headers, { "content-type": "application/json", "content-length": Buffer.byteLength(body) });
    }
    const sent = request(url, { method, headers, agent: false, signal }, (response) => {
      const parts = [];
      response.on("data", (part) => parts.push(part));
      response.on("end", () => resolve({ status: response.statusCode, text: Buffer.concat(parts).toString("utf8") }));
      response.on("error", reject);
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function notTheLab(action, url, { status, text }) {
  const excerpt = text.length > EXCERPT ? `${text.slice(0, EXCERPT)}…` : text;
  return new LabError(`The lab cannot ${action}`, {
    code: "InvalidResponse",
    status,
    detail: `${url.origin} returned ${status} with ${JSON.stringify(excerpt)}, which is not a response of the lab.`,
    hint: "OUTLIVE_AGAINST has to be the address of the console, for example http://127.0.0.1:8700.",
  });
}

// Sends a request to the lab API and returns the JSON of the response; undefined if it is empty.
// `action` describes the request in errors. A body that is a text is JSON already. Throws a LabError.
export async function call(action, method, base, path, body, limitMs = limitOf(method, path)) {
  return (await answerTo(action, method, base, path, body, limitMs)).json;
}

// As `call`, but returns the text of the response.
export async function callForText(action, method, base, path, body) {
  return (await answerTo(action, method, base, path, body, limitOf(method, path))).text;
}

async function answerTo(action, method, base, path, body, limitMs) {
  const url = new URL(path, base);
  const signal = AbortSignal.timeout(limitMs);
  let response;
  try {
    response = await send(method, url, body === undefined || typeof body === "string" ? body : JSON.stringify(body), signal);
  } catch (cause) {
    const why = signal.aborted ? `There was no complete response within ${limitMs / 1000} s` : cause.message || cause.code;
    const detail = `It was to ${action}. ${why}.`;
    throw new LabError(`The lab at ${url.origin} does not respond`, { code: "LabUnreachable", detail, cause });
  }
  const { status, text } = response;
  if (status === 204) return {};
  const json = parsed(text);
  if (json === null || typeof json !== "object") throw notTheLab(action, url, response);
  if (status >= 200 && status < 300) return { json, text };
  if (typeof json.error?.message !== "string") throw notTheLab(action, url, response);
  throw LabError.ofProblem(action, status, json.error);
}
