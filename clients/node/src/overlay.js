// The overlay of a tenant: users by role and applications by name, whose members have camelCase here.

import { snakeCased } from "./letter_case.js";

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

// Returns the overlay with the member names of the lab API. Roles and names stay as they are.
export function overlayOf(overlay) {
  const items = (all) => (isObject(all) ? Object.fromEntries(Object.entries(all).map(([name, item]) => [name, itemOf(item)])) : all);
  return isObject(overlay) ? Object.fromEntries(Object.entries(overlay).map(([name, all]) => [name, items(all)])) : overlay;
}

const itemOf = (item) => (isObject(item) ? snakeCased(item) : item);
