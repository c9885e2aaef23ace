// Output as the guide shows it, against output as it is. What differs each time is recognised by its form: ids, times, positions, tokens.
// `…` within a line stands for anything in it, a line `…` for any number of lines.

const FORMS = [
  /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/, // UUIDs
  /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/, // times
  /[0-9a-f]{16}(?=-\d)/, // epochs, before their seq
  /eyJ[\w-]+\.[\w-]+\.[\w-]+/, // tokens
  /(?<=retry: ?|"retryMs":)\d+/, // drawn waiting times
];
const ANY = new RegExp(`${FORMS.map(({ source }) => `(${source})`).join("|")}|(…)`, "g");

/** Whether `output` is what is shown; with `open` there may be more behind it. */
export function matches(output, shown, open = false) {
  return pattern(shown, open).test(`${output.trimEnd()}\n`);
}

function pattern(shown, open) {
  const lines = shown.trimEnd().split("\n").map((line) => (line.trim() === "…" ? "(?:.*\n)*?" : `${linePattern(line)}\n`));
  return new RegExp(`^${lines.join("")}${open ? "" : "$"}`, "u");
}

function linePattern(line) {
  let at = 0;
  let made = "";
  for (const match of line.matchAll(ANY)) {
    const form = FORMS[match.slice(1, -1).findIndex((group) => group !== undefined)];
    made += `${escaped(line.slice(at, match.index))}${form ? form.source : ".*"}`;
    at = match.index + match[0].length;
  }
  return made + escaped(line.slice(at));
}

function escaped(text) {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
