// The guide shows the programs that run here, and says which versions they ran with.

import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";

/** Where a program is shown that is not in the chapter on clients. */
const ELSEWHERE = { "browser-ticket.js": "credentials.md" };
const read = (path) => readFile(new URL(`../../../${path}`, import.meta.url), "utf8");

export async function docs(_, result) {
  const page = await read("docs/guide/src/clients.md");
  for (const file of await readdir(new URL("../programs", import.meta.url))) {
    const chapter = ELSEWHERE[file] ?? "clients.md";
    await result.test(`${chapter} shows ${file} as it runs here`, async () => {
      const program = await read(`e2e/clients/programs/${file}`);
      assert.ok((await read(`docs/guide/src/${chapter}`)).includes(`\n${program}\`\`\`\n`), "it differs: copy the program into the page");
    });
  }
  await result.test("clients.md names the versions that run here", async () => {
    const { devDependencies } = JSON.parse(await read("e2e/clients/package.json"));
    const npm = ["eventsource", "eventsource-client", "@microsoft/fetch-event-source"].map((name) => [name, devDependencies[name]]);
    const pinned = [...(await read("e2e/requirements.txt")).matchAll(/^(httpx-sse|sseclient-py)==(\S+)/gm)].map(([, name, version]) => [name, version]);
    assert.equal(pinned.length, 2);
    for (const [name, version] of [...npm, ...pinned]) assert.ok(page.includes(`| [${name}](`) && new RegExp(`\\[${name}\\]\\S+ \\S+ \\| ${version} `).test(page), `${name} ${version}`);
  });
}
