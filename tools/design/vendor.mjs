// Writes the style sheets and the font of the pages into node/portal/static/vendor.
//
//   npm ci --ignore-scripts && npm run vendor    writes the files
//   npm run check                                exit 1 when a file differs from what is locked
//
// The result is committed: a node needs no npm. Kept small: of the component library only the
// components named below, of the theme only the tokens that some rule reaches.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const MODULES = join(HERE, "node_modules");
const STATIC = join(HERE, "..", "..", "node", "portal", "static");
const TARGET = join(STATIC, "vendor");
const THEME = "@nl-design-system-unstable/voorbeeld-design-tokens";
const FONT = "@fontsource/noto-sans";

const COMPONENTS = [
  "root", "body", "document", "page-layout", "page-header", "page-body", "page-footer",
  "skip-link", "heading-1", "heading-2", "heading-3", "paragraph", "link", "link-list",
  "unordered-list", "ordered-list", "data-list", "table", "alert", "button", "figure",
  "separator", "select", "form-field", "form-label", "code-block", "article", "button-link",
  "textbox", "textarea", "radio-button", "checkbox", "form-fieldset", "form-field-description",
  "data-badge",
];
const FONT_FILES = ["latin-400", "latin-700", "latin-ext-400", "latin-ext-700"];

const read = (...parts) => readFileSync(join(MODULES, ...parts), "utf8");
const versionOf = (name) => JSON.parse(read(name, "package.json")).version;
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

function components() {
  const notice =
    "/* @utrecht/component-library-css " + versionOf("@utrecht/component-library-css") +
    ", EUPL-1.2, see LICENSE-utrecht.md. Unchanged style sheets of: " + COMPONENTS.join(", ") + ".\n" +
    "   Copyright (c) 2020-2024 Frameless B.V., 2021-2024 Gemeente Utrecht */\n";
  return notice + COMPONENTS.map((name) => read(`@utrecht/${name}-css`, "dist", "index.min.css").trim() + "\n").join("");
}

function tokens(sheets) {
  const values = new Map();
  for (const match of read(THEME, "dist", "theme.css").matchAll(/^\s*(--[\w-]+):\s*([^;]+);/gm)) {
    values.set(match[1], match[2].trim());
  }
  const wanted = new Set();
  const reach = (text) => {
    for (const [, name] of text.matchAll(/var\(\s*(--[\w-]+)/g)) {
      if (values.has(name) && !wanted.has(name)) {
        wanted.add(name);
        reach(values.get(name));
      }
    }
  };
  sheets.forEach(reach);
  const lines = [...wanted].sort().map((name) => `  ${name}: ${values.get(name)};\n`);
  return (
    `/* ${THEME} ${versionOf(THEME)}, EUPL-1.2, see LICENSE-voorbeeld.md.\n` +
    "   Copyright (c) 2021 NL Design System Community. Shortened: only the tokens in use. */\n" +
    `.voorbeeld-theme {\n${lines.join("")}}\n`
  );
}

function outputs() {
  const utrecht = components();
  const files = new Map([
    ["utrecht.css", utrecht],
    ["theme.css", tokens([utrecht, readFileSync(join(STATIC, "portal.css"), "utf8")])],
    ["LICENSE-utrecht.md", read("@utrecht/component-library-css", "LICENSE.md")],
    ["LICENSE-voorbeeld.md", read(THEME, "LICENSE.md")],
    ["LICENSE-noto-sans.txt", read(FONT, "LICENSE")],
  ]);
  for (const name of FONT_FILES) {
    files.set(
      `noto-sans-${name}.woff2`,
      readFileSync(join(MODULES, FONT, "files", `noto-sans-${name}-normal.woff2`)),
    );
  }
  const origin = {
    packages: Object.fromEntries(
      ["@utrecht/component-library-css", THEME, FONT].map((name) => [name, versionOf(name)]),
    ),
    sha256: Object.fromEntries([...files].map(([name, bytes]) => [name, sha256(bytes)])),
  };
  files.set("origin.json", JSON.stringify(origin, null, 2) + "\n");
  return files;
}

const files = outputs();
if (process.argv.includes("--check")) {
  const differing = [...files].filter(
    ([name, bytes]) =>
      !existsSync(join(TARGET, name)) || sha256(readFileSync(join(TARGET, name))) !== sha256(bytes),
  );
  const surplus = readdirSync(TARGET).filter((name) => !files.has(name));
  for (const name of [...differing.map(([name]) => name), ...surplus]) {
    console.error(`node/portal/static/vendor/${name}: not what the locked packages give; run npm run vendor`);
  }
  process.exit(differing.length + surplus.length === 0 ? 0 : 1);
}
rmSync(TARGET, { recursive: true, force: true });
mkdirSync(TARGET, { recursive: true });
for (const [name, bytes] of files) {
  writeFileSync(join(TARGET, name), bytes);
  console.log(`node/portal/static/vendor/${name}`);
}
