// A shell in a folder of its own, as a reader of the guide has it open: what one command sets, the next one sees.

import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { access, chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { until } from "../../lib/until.js";
import { ROOT } from "./book.js";

/** No other working copy's. */
const OWN = createHash("sha256").update(ROOT.href).digest("hex").slice(0, 12);
const TARGET = process.env.CARGO_TARGET_DIR ?? fileURLToPath(new URL("target", ROOT));
const BINARY = process.env.CAMPANILE_BIN ?? fileURLToPath(new URL("target/release/campanile", ROOT));
/** The longest is a first build of an application. */
const COMMAND_MS = 15 * 60_000;
/** What stays and has said nothing for so long will not say what is awaited. */
const SILENCE_MS = 120_000;

/**
 * Stand-ins: what is cloned is this working copy, what is installed from it is the binary under test, and a new project begins with the versions
 * that everything else here is compiled with.
 */
const STAND_INS = {
  git: `[ "$1" = clone ] || exit 64; ln -s "${fileURLToPath(ROOT)}" campanile`,
  cargo: `case "$*" in
*"install "*" --path campanile/crates/server"*) exec ln -s "${BINARY}" "$(dirname "$0")/campanile" ;;
"new "*) PATH=\${PATH#*:} cargo "$@" && cp "${fileURLToPath(ROOT)}Cargo.lock" "$2/" ;;
*) PATH=\${PATH#*:} exec cargo "$@" ;;
esac`,
};

/** Compiled as the working copy is, and into the same folder, so that what both need is compiled once. */
const CARGO = `[build]
target-dir = "${TARGET}"

[profile.dev]
debug = "line-tables-only"

[profile.dev.package.libsqlite3-sys]
opt-level = 2
`;

export class Shell {
  #folder;
  #bash;
  #output = "";
  #backgrounds = 0;
  #background;

  /**
   * With `env` on top of the environment; `installed` says whether the binary is there already. A shell with a `name` is always in the same
   * place, empty at first: what is compiled there is found again the next time, and does not pile up.
   */
  static async open(env, { installed = true, name } = {}) {
    await access(BINARY);
    const shell = new Shell();
    shell.#folder = name ? await emptied(join(tmpdir(), `campanile-guide-${OWN}-${name}`)) : await mkdtemp(join(tmpdir(), "campanile-guide-"));
    const bin = join(shell.#folder, "bin");
    await Promise.all([mkdir(bin), mkdir(join(shell.home, ".cargo"), { recursive: true })]);
    await writeFile(join(shell.home, ".cargo/config.toml"), CARGO);
    for (const [name, script] of Object.entries(STAND_INS)) {
      await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`);
      await chmod(join(bin, name), 0o755);
    }
    if (installed) await symlink(BINARY, join(bin, "campanile"));
    shell.#start({ ...clean(process.env), PATH: `${bin}:${process.env.PATH}`, ...env });
    return shell;
  }

  #start(env) {
    this.#bash = spawn("bash", ["--norc", "--noprofile"], { cwd: this.home, env, detached: true, stdio: ["pipe", "pipe", "pipe"] });
    this.#bash.stdin.on("error", () => {});
    for (const stream of [this.#bash.stdout, this.#bash.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => { this.#output += text; });
    }
  }

  get home() {
    return join(this.#folder, "home");
  }

  /** Runs a command to its end: `{ code, output }`, errors in the output too. The next command finds its `$?`. */
  async run(command) {
    const mark = `end-${randomBytes(8).toString("hex")}`;
    this.#output = "";
    this.#bash.stdin.write(`{ ${command}\n} 2>&1 </dev/null; __code=$?; printf '\\n${mark} %s\\n' $__code; (exit $__code)\n`);
    const end = new RegExp(`\\n${mark} (\\d+)\\n`);
    const [, code] = await until(`the end of ${command}`, () => end.exec(this.#output) ?? this.#gone(), COMMAND_MS);
    return { code: Number(code), output: this.#output.split(`\n${mark}`)[0] };
  }

  /** Starts a command that stays. Answers when its output satisfies `done`. */
  async background(command, done) {
    const file = (this.#background = join(this.#folder, `background-${(this.#backgrounds += 1)}`));
    await this.run(`{ ${command}\n} >'${file}' 2>&1 </dev/null &`);
    let [output, since] = ["", performance.now()];
    await until(`output of ${command}`, async () => {
      const now = await readFile(file, "utf8");
      if (now !== output) [output, since] = [now, performance.now()];
      if (performance.now() - since > SILENCE_MS) throw new Error(`\`${command}\` says no more; it said:\n${output}`);
      return done(output);
    }, COMMAND_MS);
  }

  /** What the last of those has said so far. */
  said() {
    return readFile(this.#background, "utf8");
  }

  /** Writes a file into the folder where the shell is now. */
  async write(path, text) {
    const file = join((await this.run("pwd")).output.trim(), path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }

  /** Ends the shell and everything that it started. */
  async close() {
    const gone = this.#bash.exitCode === null && this.#bash.signalCode === null ? once(this.#bash, "exit") : null;
    try {
      process.kill(-this.#bash.pid, "SIGKILL");
    } catch {
      // It is gone.
    }
    await gone;
    await rm(this.#folder, { recursive: true, force: true });
  }

  #gone() {
    if (this.#bash.exitCode !== null) throw new Error(`the shell ended:\n${this.#output}`);
    return null;
  }
}

async function emptied(folder) {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder);
  return folder;
}

/** The environment without what would configure the server behind the reader's back. */
function clean(env) {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith("CAMPANILE_")));
}
