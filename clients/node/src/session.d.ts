/**
 * Starts one system for all processes of a test session, and sets `OUTLIVE_AGAINST` for them. Returns the function that stops it.
 * The default export of this module is for `globalSetup` of Vitest and Playwright.
 */
export function globalSetup(): Promise<() => Promise<void>>;
/** Stops the system. */
export function globalTeardown(): Promise<void>;
export default globalSetup;
