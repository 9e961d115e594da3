// Checks types, builds the package, and runs all tests. `TENON` names the `tenon` to talk to.

import { build } from 'esbuild';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { options } from './build.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const node = (...args) => execFileSync(process.execPath, args, { cwd: root, stdio: 'inherit' });

node(createRequire(import.meta.url).resolve('typescript/bin/tsc'), '--noEmit');
node('scripts/package.mjs');
const tests = readdirSync(path.join(root, 'test'));
await build({
  ...options,
  entryPoints: tests.filter((name) => name.endsWith('.test.ts')).map((name) => `test/${name}`),
  outdir: 'dist/test',
  // Tests run outside of the editor, with a double of it.
  alias: { vscode: path.join(root, 'test/double/vscode.ts') },
  external: [],
});
node(
  '--test',
  ...tests.filter((name) => name.endsWith('.test.mjs')).map((name) => `test/${name}`),
  ...tests.filter((name) => name.endsWith('.test.ts')).map((name) => `dist/test/${name.replace(/\.ts$/, '.js')}`),
);
