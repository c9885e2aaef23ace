// Where links lead: within the built book, and from our pages to files of the repository.

import { readFile, stat } from "node:fs/promises";

const OURS = String.raw`https://github\.com/campanile-rs/campanile/(?:blob|tree)/main/([\w./-]*)(?:#([\w-]+))?`;

/** The links of a folder of HTML pages that lead nowhere. `pages` are their addresses; `root` is the working copy. */
export async function deadInBook(pages, root) {
  const dead = [];
  for (const page of pages) {
    const html = await readFile(page, "utf8");
    for (const [, target] of html.matchAll(/<(?:a|link|script|img)\b[^>]*? (?:href|src)="([^"]*)"/g)) {
      const link = target.replaceAll("&amp;", "&");
      if (!(await leads(link, page, root, idsInHtml))) dead.push(`${page.pathname}: ${link}`);
    }
  }
  return dead;
}

/** The addresses of our own files, wherever they stand in a text, that lead nowhere. */
export async function deadOfRepository(pages, root) {
  const dead = [];
  for (const page of pages) {
    for (const [link] of (await readFile(page, "utf8")).matchAll(new RegExp(OURS, "g"))) {
      if (!(await leads(link, page, root, idsInMarkdown))) dead.push(`${page.pathname}: ${link}`);
    }
  }
  return dead;
}

/** The links of Markdown pages that lead nowhere. */
export async function deadInMarkdown(pages, root) {
  const dead = [];
  for (const page of pages) {
    const text = (await readFile(page, "utf8")).replaceAll(/^ *```[^]*?^ *```$/gm, "").replaceAll(/`[^`\n]*`/g, "");
    for (const [, link] of text.matchAll(/\]\(<?([^)\s>]+)>?\)/g)) {
      if (!(await leads(link, page, root, idsInMarkdown))) dead.push(`${page.pathname}: ${link}`);
    }
  }
  return dead;
}

async function leads(link, from, root, idsOf) {
  const [, ours, place] = new RegExp(`^${OURS}`).exec(link) ?? [];
  if (ours !== undefined) return has(new URL(ours, root), place, idsInMarkdown);
  if (/^[a-z]+:/.test(link)) return true;
  const [path, id] = link.split("#");
  return has(path === "" ? from : new URL(path, from), id, idsOf);
}

/** Whether there is such a file, with this place in it if one is named. */
async function has(target, id, idsOf) {
  if (!id) return exists(target);
  const text = await readFile(target, "utf8").catch(() => "");
  return idsOf(text).has(decodeURIComponent(id));
}

function exists(url) {
  return stat(url).then(() => true, () => false);
}

function idsInHtml(html) {
  return new Set([...html.matchAll(/ (?:id|name)="([^"]*)"/g)].map(([, id]) => id));
}

/** Headings as GitHub names them, and anchors. */
function idsInMarkdown(text) {
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => heading.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-"));
  return new Set([...headings, ...[...text.matchAll(/<a id="([^"]*)"/g)].map(([, id]) => id)]);
}
