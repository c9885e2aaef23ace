// Lints this folder and the demo page; run from the top of the repository by `npm run lint`.

import js from "@eslint/js";
import globals from "globals";

const PAGE = ["crates/http/assets/**/*.js", "crates/server/assets/**/*.js"];
/** What the functions use that the tests run inside the page. */
const IN_PAGE = { window: "readonly", document: "readonly", EventSource: "readonly", getComputedStyle: "readonly" };

export default [
  { ignores: ["**/node_modules/**"] },
  js.configs.recommended,
  { files: PAGE, languageOptions: { globals: globals.browser } },
  { ignores: PAGE, languageOptions: { globals: { ...globals.node, ...IN_PAGE } } },
  {
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "eqeqeq": "error",
      "max-lines-per-function": ["error", { max: 80 }],
      "max-lines": ["error", { max: 400 }],
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-restricted-properties": [
        "error",
        { property: "innerHTML", message: "Text goes in by textContent." },
        { property: "outerHTML", message: "Text goes in by textContent." },
        { property: "insertAdjacentHTML", message: "Text goes in by textContent." },
      ],
      "no-var": "error",
      "prefer-const": "error",
    },
  },
];
