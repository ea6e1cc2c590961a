// The exception of this package.

const HINTS = {
  TenantNotFound: "The tenant was deleted, or its lifetime is over: create it with a longer 'lifetime'.",
  OperationInProgress: "Await the other call for this tenant first.",
};

export class LabError extends Error {
  // `title`: what failed. `detail`: why. `hint`: what to do, where the detail does not include it.
  constructor(title, { code, detail = "", hint = "", status, cause } = {}) {
    const tail = [detail, hint].filter(Boolean).join(" ");
    super(tail ? `${title}: ${tail}` : title, { cause });
    this.name = "LabError";
    Object.assign(this, { code, title, detail, hint, status });
  }

  // The error for a response `{"error": {"code", "message"}}` of the lab. `action` is a verb with its object.
  static ofProblem(action, status, { code, message }) {
    return new LabError(`The lab cannot ${action}`, { code, status, detail: message, hint: HINTS[code] });
  }

  // The error for a name that does not exist. Lists those that exist.
  static ofName(kind, name, existing) {
    const [named, names] = [JSON.stringify(name), existing.map((one) => JSON.stringify(one)).join(", ")];
    return new LabError(`There is no ${kind} ${named}`, {
      code: "NameNotFound",
      detail: names ? `There are: ${names}.` : `The tenant has no ${kind}s.`,
    });
  }
}
