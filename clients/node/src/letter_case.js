// Member names: the lab API has snake_case, this package camelCase.

const toSnake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const toCamel = (name) => name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());

function renamed(object, rename) {
  const given = Object.entries(object).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given.map(([name, value]) => [rename(name), value]));
}

// Both rename the members of the object itself, not those of its values.
export const snakeCased = (object) => renamed(object, toSnake);
export const camelCased = (object) => renamed(object, toCamel);
