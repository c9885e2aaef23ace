// Counts tests: one line for each, and `N passed, M failed` as the last line.

export class Result {
  #passed = 0;
  #failed = 0;
  #limit;

  /** A test that takes longer than `limit` milliseconds has failed. */
  constructor(limit) {
    this.#limit = limit;
  }

  /** Runs one test; whether it passed. */
  async test(name, body) {
    const started = performance.now();
    try {
      await this.#inTime(body());
    } catch (error) {
      this.fail(name, error);
      return false;
    }
    this.#passed += 1;
    console.log(`ok    ${name} (${Math.round(performance.now() - started)} ms)`);
    return true;
  }

  fail(name, error) {
    this.#failed += 1;
    console.log(`FAIL  ${name}\n${String(error.stack ?? error).replace(/^/gm, "      ")}`);
  }

  /** Prints the sum and ends the process. */
  exit() {
    console.log(`${this.#passed} passed, ${this.#failed} failed`);
    process.exit(this.#failed === 0 && this.#passed > 0 ? 0 : 1);
  }

  #inTime(work) {
    let timer;
    const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error(`longer than ${this.#limit} ms`)), this.#limit); });
    return Promise.race([work, late]).finally(() => clearTimeout(timer));
  }
}
