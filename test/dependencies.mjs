// The import rules of test/dependencies.cjs. Run: npm run deps. Exit 1: a rule is broken, or the tool read nothing.
// Without a parser for TypeScript dependency-cruiser reads no module and finds nothing, which looks like success; so
// the modules are counted, and forbidden imports are planted first that must be found.

import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { cruise } from "dependency-cruiser";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const FOLDERS = ["assembly", "host", "db", "bench", "test"];
const ruleSet = createRequire(import.meta.url)("./dependencies.cjs");

/** Rules, and imports that break them: importing file, imported file. */
const PLANTED = [
  ["core-imports-itself", "assembly/planted.ts", "host/planted.ts"],
  ["abi-imports-nothing", "assembly/abi.ts", "assembly/planted.ts"],
  ["store-knows-no-host", "db/planted.ts", "host/core/planted.ts"],
  ["glue-sees-only-the-wire", "host/core/planted.ts", "host/services/planted.ts"],
  ["services-see-no-api", "host/services/planted.ts", "host/api/planted.ts"],
  ["handlers-see-only-services", "host/api/planted.ts", "db/planted.ts"],
  ["plots-know-nothing-of-us", "host/plot.ts", "host/core/planted.ts"],
  ["simulations-see-the-core", "host/simulate/planted.ts", "host/services/planted.ts"],
  ["what-ships-sees-no-tests", "host/planted.ts", "test/planted.ts"],
  ["no-cycles", "bench/one.ts", "bench/other.ts"],
  ["no-cycles", "bench/other.ts", "bench/one.ts"],
  ["everything-resolves", "test/planted.ts", "test/nowhere.ts"],
];

const planted = await cruised(plant());
const missed = PLANTED.filter(([name]) => !planted.violations.some(({ rule }) => rule.name === name));
if (missed.length > 0) fail(`planted imports were not found, so the rules see nothing: ${missed.join("; ")}`);

const sources = FOLDERS.flatMap((folder) => typescriptIn(folder));
const { modules, violations } = await cruised(ROOT);
const read = new Set(modules.map(({ source }) => source));
const unread = sources.filter((source) => !read.has(source));
if (sources.length === 0 || unread.length > 0) fail(`not read: ${unread.join(", ") || "anything"}`);
// The parser is not made for AssemblyScript: count its imports the simple way too.
const silent = sources.filter(
  (source) =>
    source.startsWith("assembly/") &&
    importsIn(source) > 0 &&
    modules.find((module) => module.source === source).dependencies.length === 0,
);
if (silent.length > 0) fail(`imports were not understood in ${silent.join(", ")}`);

for (const { rule, from, to, cycle } of violations) {
  const path = cycle ? [from, ...cycle.map(({ name }) => name)].join(" -> ") : `${from} -> ${to}`;
  console.error(`${rule.name}: ${path}`);
}
if (violations.length > 0) fail(`${violations.length} imports break the rules of test/dependencies.cjs`);
console.log(`Import rules hold: ${sources.length} modules, ${PLANTED.length} planted violations found.`);

async function cruised(baseDir) {
  const { output } = await cruise(FOLDERS, {
    baseDir,
    ruleSet,
    validate: true,
    parser: "swc",
    doNotFollow: { path: "node_modules" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "default"] },
    exclude: { path: "^test/fixtures/" },
  });
  return { modules: output.modules, violations: output.summary.violations };
}

/** A tree of its own with nothing but forbidden imports, one by type only. */
function plant() {
  const tree = mkdtempSync(join(tmpdir(), "ostro-deps-"));
  process.on("exit", () => rmSync(tree, { recursive: true, force: true }));
  cpSync(join(ROOT, "package.json"), join(tree, "package.json"));
  for (const folder of FOLDERS) mkdirSync(join(tree, folder));
  const put = (file, text) => {
    mkdirSync(dirname(join(tree, file)), { recursive: true });
    writeFileSync(join(tree, file), text);
  };
  for (const [, from, to] of PLANTED) {
    const up = "../".repeat(from.split("/").length - 1);
    put(from, `import type { planted } from "${up}${to}";\nexport const name: planted = "${from}";\n`);
    if (!to.endsWith("nowhere.ts") && !PLANTED.some(([, file]) => file === to))
      put(to, "export type planted = string;\n");
  }
  return tree;
}

function typescriptIn(folder) {
  return readdirSync(join(ROOT, folder), { recursive: true })
    .map((name) => `${folder}/${name}`)
    .filter((name) => /(?<![.]d)[.]ts$/.test(name) && !name.startsWith("test/fixtures/"));
}

function importsIn(source) {
  return readFileSync(join(ROOT, source), "utf8").match(/^(import|export) .*from "\./gm)?.length ?? 0;
}

function fail(message) {
  console.error(`import rules: ${message}`);
  process.exit(1);
}
