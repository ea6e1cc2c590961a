// A private system: `outlive up` as a child process. It stops when its standard input is closed, so
// it ends with this process even if that is killed.

import { spawn } from "node:child_process";

import { LabError } from "./lab_error.js";

const LOG_MAX = 4_000;
const STOP_MS = 10_000;
const ARGUMENTS = ["up", "--temporary", "--port-base", "0", "--format", "json", "--stop-at-eof"];

// Settings of a shared system are not those of a private one.
const isOwnSetting = (name) => !name.startsWith("OUTLIVE_") || name === "OUTLIVE_LOG";

export class Program {
  #child;
  #ended;
  #log = "";

  // Starts the program and waits until it is up.
  static async start(file, { args = [], timeoutMs = 60_000 } = {}) {
    const program = new Program(file, args);
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(program.#failure(file, `It was not up after ${timeoutMs / 1000} s.`)), timeoutMs);
    });
    try {
      program.ready = program.#readReady(file, await Promise.race([program.#firstLine(file), late]));
    } catch (error) {
      await program.stop();
      throw error;
    } finally {
      clearTimeout(timer);
    }
    // A system that is not used any more does not keep the process running.
    for (const handle of [program.#child, ...program.#child.stdio]) handle.unref();
    return program;
  }

  constructor(file, args) {
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => isOwnSetting(name)));
    this.#child = spawn(file, [...ARGUMENTS, ...args], { env, stdio: ["pipe", "pipe", "pipe"], windowsHide: true });
    this.#ended = new Promise((resolve) => {
      this.#child.on("exit", (code, signal) => resolve(signal ? `It was ended by ${signal}.` : `It ended with exit code ${code}.`));
      this.#child.on("error", (error) => resolve(`It could not be started: ${error.message}.`));
    });
    this.#child.stdin.on("error", () => {});
    this.#child.stderr.setEncoding("utf8").on("data", (text) => (this.#log = (this.#log + text).slice(-LOG_MAX)));
  }

  // Returns the last lines of standard error.
  get log() {
    return this.#log.trim();
  }

  get hasEnded() {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  get pid() {
    return this.#child.pid;
  }

  // Closes the standard input, and waits until the program has stopped and deleted its data.
  async stop() {
    this.#child.ref();
    this.#child.stdin.end();
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), STOP_MS);
    await this.#ended;
    clearTimeout(timer);
  }

  #failure(file, detail, hint) {
    const log = this.log ? ` It wrote: ${this.log}` : "";
    return new LabError(`${file} did not start`, { code: "ProgramFailed", detail: detail + log, hint });
  }

  #firstLine(file) {
    const { stdout } = this.#child;
    return new Promise((resolve, reject) => {
      let text = "";
      const read = (part) => {
        text += part;
        if (!text.includes("\n")) return;
        stdout.off("data", read).resume();
        resolve(text.slice(0, text.indexOf("\n")));
      };
      stdout.setEncoding("utf8").on("data", read);
      // After the end of the pipes, the log contains what explains the end.
      for (const end of ["close", "error"]) this.#child.on(end, () => this.#ended.then((how) => reject(this.#failure(file, how))));
    });
  }

  #readReady(file, line) {
    try {
      const ready = JSON.parse(line);
      if (typeof ready.urls?.console === "string") return ready;
    } catch {
      // Below.
    }
    const detail = `Its first line is not the JSON of 'up --format json': ${JSON.stringify(line.slice(0, 200))}.`;
    throw this.#failure(file, detail, "Is it another program, or an older Outlive?");
  }
}
