export default {
  test: process.env.SESSION
    ? { include: ["shared_*.ts"], globalSetup: [process.env.SESSION], pool: "forks" }
    : { include: ["vitest.ts"] },
};
