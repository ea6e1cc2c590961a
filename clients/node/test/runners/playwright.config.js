export default {
  testDir: ".",
  testMatch: "playwright.js",
  outputDir: process.env.RESULTS,
  workers: 2,
  fullyParallel: true,
  use: { ignoreHTTPSErrors: true, launchOptions: { executablePath: process.env.CHROMIUM || undefined, args: ["--no-sandbox"] } },
};
