// A browser without JavaScript: fills in the forms of the real pages, as a user would.

const STEPS_MAX = 12;
const NAMED = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function text(escaped) {
  return escaped.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, name) =>
    hex ? String.fromCodePoint(parseInt(hex, 16)) : decimal ? String.fromCodePoint(Number(decimal)) : (NAMED[name] ?? whole),
  );
}

function attributes(tag) {
  const found = [...tag.matchAll(/([\w-]+)="([^"]*)"/g)];
  return Object.fromEntries(found.map(([, name, value]) => [name, text(value)]));
}

// The first form of a page: its action, its fields, and the value of its first submit button.
function formOf(page, url) {
  const [whole, head] = page.match(/<form([^>]*)>[\s\S]*?<\/form>/) ?? [];
  if (!whole) return undefined;
  const fields = {};
  for (const [tag] of whole.matchAll(/<input[^>]*>/g)) {
    const { name, type, value = "" } = attributes(tag);
    if (name && type !== "checkbox") fields[name] = value;
  }
  const button = attributes(whole.match(/<button[^>]*>/)?.[0] ?? "");
  return { url: new URL(attributes(head).action ?? "", url).href, fields, button };
}

export class Browser {
  constructor(user) {
    this.user = user;
    this.cookies = new Map();
    // The fields that the user filled in.
    this.typed = [];
  }

  // Returns the parameters that the application receives at its redirect URI.
  async signIn(url, redirectUri) {
    const there = (reached) => reached.split(/[?#]/)[0].replace(/\/$/, "") === redirectUri.replace(/\/$/, "");
    const { at, posted } = await this.go(url, there);
    const { search, hash } = new URL(at);
    return new URLSearchParams(posted ?? (search || hash.slice(1)));
  }

  // Enters the code of a device, signs in and approves the device.
  async enterCode(url, code) {
    let answer = await this.#send("GET", url);
    for (let step = 0; step < STEPS_MAX; step += 1) {
      const form = !answer.location && formOf(answer.page, answer.url);
      if (answer.location) answer = await this.#send("GET", answer.location);
      else if (form) answer = await this.#send("POST", form.url, this.#filledIn(form, answer.page, code));
      else if (answer.status === 200) return;
      else throw new Error(`${answer.status} and no way on: ${answer.page}`);
    }
    throw new Error("asked for ever more");
  }

  // Follows pages and redirects to the first address for which `until` is true.
  async go(url, until) {
    let answer = await this.#send("GET", url);
    for (let step = 0; step < STEPS_MAX; step += 1) {
      if (answer.location) {
        if (until(answer.location)) return { at: answer.location };
        answer = await this.#send("GET", answer.location);
        continue;
      }
      const form = formOf(answer.page, answer.url);
      if (!form) throw new Error(`${answer.status} and no way on: ${answer.page}`);
      if (until(form.url)) return { at: form.url, posted: form.fields };
      answer = await this.#send("POST", form.url, this.#filledIn(form, answer.page));
    }
    throw new Error("asked for ever more");
  }

  #filledIn({ fields, button }, page, code) {
    const typed = { loginfmt: this.user.upn, passwd: this.user.password, otc: code };
    for (const name of Object.keys(typed).filter((name) => name in fields)) {
      // Without this check, a rejected sign-in would be repeated forever.
      if (page.includes('role="alert"')) throw new Error(`refused: ${page}`);
      this.typed.push(name);
      fields[name] = typed[name];
    }
    if (button.name) {
      this.typed.push(`${button.name}=${button.value}`);
      fields[button.name] = button.value;
    }
    return new URLSearchParams(fields);
  }

  async #send(method, url, body) {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const answer = await fetch(url, { method, body, headers: { cookie }, redirect: "manual" });
    for (const set of answer.headers.getSetCookie()) {
      const [, name, value] = set.match(/^([^=]+)=([^;]*)/);
      if (value && !/max-age=0(;|$)/i.test(set)) this.cookies.set(name, value);
      else this.cookies.delete(name);
    }
    const location = answer.headers.get("location");
    const page = await answer.text();
    return { url, status: answer.status, page, location: location && new URL(location, url).href };
  }
}
