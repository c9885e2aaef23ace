// The page of the crate's quick start in a browser: two people, each in a browser of their own.

import assert from "node:assert/strict";

import { until } from "../../lib/until.js";

export async function bell(browser, url) {
  const people = await Promise.all(["dora", "emil"].map((name) => Person.signIn(browser, url, name)));
  const [dora, emil] = people;
  await emil.greet("dora");
  await emil.greet("dora");
  await dora.shows("2", ["emil says hello", "emil says hello"], ["bold", "bold"]);
  assert.deepEqual(await emil.list(), [], "who greets hears nothing");

  await dora.page.locator("#list li").first().click();
  await dora.shows("1", ["emil says hello", "emil says hello"], ["normal", "bold"]);
  await dora.page.reload();
  await dora.shows("1", ["emil says hello", "emil says hello"], ["normal", "bold"]);
  await dora.page.click("#bell");
  await dora.shows("0", ["emil says hello", "emil says hello"], ["normal", "normal"]);
  for (const person of people) await person.leave();
}

class Person {
  #complaints = [];

  static async signIn(browser, url, name) {
    const person = new Person();
    person.page = await (await browser.newContext()).newPage();
    await person.page.goto(url);
    // Before that the page is refused, and says so on the console.
    await person.page.fill("form[action] [name=name]", name);
    await Promise.all([person.page.waitForNavigation(), person.page.getByRole("button", { name: "Sign in" }).click()]);
    person.page.on("pageerror", (error) => person.#complaints.push(String(error)));
    person.page.on("console", (message) => message.type() === "error" && person.#complaints.push(message.text()));
    return person;
  }

  async greet(name) {
    await this.page.fill("#greet [name=name]", name);
    await Promise.all([this.page.waitForResponse(/\/greet$/), this.page.getByRole("button", { name: "Say hello" }).click()]);
  }

  list() {
    return this.page.locator("#list li").allTextContents();
  }

  async shows(count, titles, weights) {
    const looks = () => this.page.locator("#list li").evaluateAll((items) => items.map(({ style }) => style.fontWeight));
    const read = async () => JSON.stringify([await this.page.textContent("#count"), await this.list(), await looks()]);
    const wanted = JSON.stringify([count, titles, weights]);
    await until(`the bell shows ${wanted}`, async () => (await read()) === wanted).catch(async (error) => {
      throw new Error(`${error.message}; it shows ${await read()}`);
    });
  }

  async leave() {
    assert.deepEqual(this.#complaints.filter((text) => !text.includes("favicon")), []);
    await this.page.context().close();
  }
}
