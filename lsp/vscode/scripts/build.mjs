// Bundles the extension into dist/extension.js.

import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';

export const options = {
  absWorkingDir: fileURLToPath(new URL('..', import.meta.url)),
  bundle: true,
  external: ['vscode'],
  format: 'cjs',
  platform: 'node',
  target: 'node20',
  logLevel: 'warning',
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await build({ ...options, entryPoints: ['src/extension.ts'], outfile: 'dist/extension.js', minify: true, sourcemap: true });
}
