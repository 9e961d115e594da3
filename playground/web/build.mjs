// Builds the page into target/playground/page: the bundle, and the compiler as WebAssembly where its target is installed.
//
//   node build.mjs [--without-wasm]

import { build } from "esbuild";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

/** What the whole page may weigh, compressed. */
const MOST = 2_500_000;

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../..");
const target = process.env.CARGO_TARGET_DIR ?? join(root, "target");
const page = join(target, "playground/page");

function words() {
  const lines = readFileSync(join(root, "compiler/syntax/tokens.txt"), "utf8").split("\n");
  const rows = lines.filter((line) => line !== "" && !line.startsWith("#")).map((line) => line.trim().split(/\s+/));
  const of = (...classes) => rows.filter(([kind]) => classes.includes(kind)).flatMap(([kind, ...rest]) => kind === "pair" ? rest : [rest[0]]);
  const plain = (list) => [...new Set(list)].filter((word) => /^[a-z_]+$/.test(word) && word.length > 1);
  return `export const items = ${JSON.stringify(plain(of("item")))};
export const keywords = ${JSON.stringify(plain(of("item", "reserved", "soft", "pair", "contextual")))};
export const reserved = ${JSON.stringify(plain(of("reserved")))};`;
}

const tokens = {
  name: "tenon-words",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^tenon:words$/ }, () => ({ path: "words", namespace: "tenon" }));
    onLoad({ filter: /.*/, namespace: "tenon" }, () => ({ contents: words(), loader: "js" }));
  },
};

function wasm() {
  if (process.argv.includes("--without-wasm")) return false;
  const installed = execFileSync("rustc", ["--print", "sysroot"], { encoding: "utf8" }).trim();
  if (!existsSync(join(installed, "lib/rustlib/wasm32-unknown-unknown"))) {
    console.log("the target wasm32-unknown-unknown is not installed (rustup target add wasm32-unknown-unknown):");
    console.log("the page is built without the compiler, for `tenon playground` with its native engine");
    return false;
  }
  execFileSync("cargo", ["build", "--quiet", "--profile", "wasm", "--target", "wasm32-unknown-unknown", "-p", "tenon-playground-wasm"],
    { cwd: root, stdio: "inherit" });
  copyFileSync(join(target, "wasm32-unknown-unknown/wasm/tenon_playground_wasm.wasm"), join(page, "tenon.wasm"));
  return true;
}

rmSync(page, { recursive: true, force: true });
mkdirSync(page, { recursive: true });
const common = { bundle: true, minify: true, format: "esm", target: "es2022", legalComments: "none", logLevel: "warning", absWorkingDir: here };
await build({ ...common, entryPoints: ["src/main.ts", "src/worker.ts"], outdir: page, plugins: [tokens] });
await build({ ...common, entryPoints: ["src/app.css"], outdir: page });
for (const file of ["index.html", "icon.svg", "manifest.webmanifest"]) copyFileSync(join(here, file), join(page, file));
const withWasm = wasm();

const files = readdirSync(page).sort();
const digest = createHash("sha256");
for (const file of files) digest.update(file).update(readFileSync(join(page, file)));
await build({
  ...common, entryPoints: ["src/sw.ts"], outdir: page,
  define: { __VERSION__: JSON.stringify(digest.digest("hex").slice(0, 16)), __FILES__: JSON.stringify(["./", ...files.filter((file) => file !== "index.html")]) },
});

let brotli = 0;
let gzip = 0;
for (const file of readdirSync(page).sort()) {
  const bytes = readFileSync(join(page, file));
  const small = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }).length;
  const zipped = gzipSync(bytes, { level: 9 }).length;
  brotli += small;
  gzip += zipped;
  console.log(`${file.padEnd(24)} ${String(bytes.length).padStart(9)} bytes, gzip ${String(zipped).padStart(8)}, brotli ${String(small).padStart(8)}`);
}
console.log(`${"in all".padEnd(24)} ${"".padStart(9)}        gzip ${String(gzip).padStart(8)}, brotli ${String(brotli).padStart(8)}`);
writeFileSync(join(target, "playground/size.json"), JSON.stringify({ gzip, brotli, wasm: withWasm }));
if (brotli > MOST) {
  console.error(`the page weighs ${brotli} bytes compressed; ${MOST} are the most`);
  process.exit(1);
}
console.log(`the page is in ${page}`);
