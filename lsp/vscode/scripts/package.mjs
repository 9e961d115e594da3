// Makes dist/tenon.vsix, which `code --install-extension` takes.

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (file) => readFileSync(path.join(root, file), 'utf8');

execFileSync(process.execPath, ['scripts/grammar.mjs', '--check'], { cwd: root, stdio: 'inherit' });
execFileSync(process.execPath, ['scripts/build.mjs'], { cwd: root, stdio: 'inherit' });
writeFileSync(
  path.join(root, 'LICENSE.txt'),
  `Licensed under either of the two licences below, at your option.\n\n${read('../../LICENSE-MIT')}\n\n${read('../../LICENSE-APACHE')}`,
);
const vsce = createRequire(import.meta.url).resolve('@vscode/vsce/vsce');
const args = ['package', '--no-dependencies', '--allow-missing-repository', '--out', 'dist/tenon.vsix'];
execFileSync(process.execPath, [vsce, ...args], { cwd: root, stdio: 'inherit' });
