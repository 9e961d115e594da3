// A real VS Code without a window: the npm package of code-server brings VS Code as a server, whose page a browser
// shows. Its own installer fetches from elsewhere; so its dependencies are installed without scripts, and the few that
// are native code are built here, with the headers that came with Node.js. Kept in target/vscode for the next time.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** The last whose VS Code (1.100) runs on Node.js 20. */
const CODE_SERVER = '4.100.3';
const PLAYWRIGHT = '1.65.1';
/** What VS Code does not start without. */
const NATIVE = ['@vscode/spdlog', 'native-watchdog', 'node-pty'];

/** Where Node.js and its headers lie. */
const node = path.resolve(realpathSync(process.execPath), '../..');
const onPath = (name) => (process.env.PATH ?? '').split(':').map((folder) => path.join(folder, name)).find(existsSync);

/** What is missing on this machine, in words; empty if all is there. */
export function missing() {
  return [
    ['Chromium', existsSync(process.env.CHROMIUM ?? '/usr/bin/chromium')],
    ['ripgrep', onPath('rg')],
    ['a C++ compiler', onPath('c++') && onPath('make') && onPath('python3')],
    ['the headers of Node.js', existsSync(path.join(node, 'include/node/node.h'))],
    ['Node.js 20', Number(process.versions.node.split('.')[0]) >= 20],
  ].filter(([, there]) => !there).map(([what]) => what);
}

/** Installs, if it is not there yet; gives the folder of VS Code and that of playwright. */
export function install(target) {
  const folder = path.join(target, 'vscode', `${CODE_SERVER}-node${process.versions.modules}`);
  const code = path.join(folder, 'node_modules/code-server/lib/vscode');
  const ready = path.join(folder, 'ready');
  if (!existsSync(ready)) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'package.json'), '{ "private": true }\n');
    const npm = (cwd, ...args) => execFileSync('npm', [...args, '--no-audit', '--no-fund', '--loglevel', 'error'], {
      cwd,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    npm(folder, 'install', '--ignore-scripts', `code-server@${CODE_SERVER}`, `playwright-core@${PLAYWRIGHT}`);
    npm(code, 'install', '--ignore-scripts', '--omit=dev');
    // npm runs scripts with a PATH and a prefix of its own, so it is found by where it says that it is.
    const ofNpm = [process.env.npm_execpath && path.resolve(process.env.npm_execpath, '../..'), path.join(node, 'lib/node_modules/npm')];
    const gyp = ofNpm.map((npm) => npm && path.join(npm, 'node_modules/node-gyp/bin/node-gyp.js')).find((file) => file && existsSync(file));
    if (!gyp) throw new Error('npm has come without node-gyp');
    for (const name of NATIVE) {
      execFileSync(process.execPath, [gyp, 'rebuild', `--nodedir=${node}`], {
        cwd: path.join(code, 'node_modules', name),
        stdio: ['ignore', 'ignore', 'pipe'],
      });
    }
    const bin = path.join(code, 'node_modules/@vscode/ripgrep/bin');
    mkdirSync(bin, { recursive: true });
    symlinkSync(onPath('rg'), path.join(bin, 'rg'));
    symlinkSync('node_modules', path.join(code, 'node_modules.asar'));
    writeFileSync(ready, '');
  }
  return { server: path.join(code, 'out/server-main.js'), playwright: path.join(folder, 'node_modules/playwright-core/index.js') };
}
