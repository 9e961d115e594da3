/**
 * Where `tenon` is: what the setting says, else in PATH, else what was built in the workspace.
 *
 * Knows nothing of the editor, so that it can be tested alone.
 */

import * as path from 'node:path';

/** What the search looks at. */
export interface Surroundings {
  /** The setting, `''` where there is none. In untrusted workspaces it is the user's own. */
  readonly setting: string;
  /** The value of PATH. */
  readonly searchPath: string;
  /** The home folder. */
  readonly home: string;
  /** The folders of the workspace. */
  readonly folders: readonly string[];
  /** Whether programs of the workspace may be run. */
  readonly trusted: boolean;
  readonly windows: boolean;
  /** Whether a file is there that can be run. */
  readonly runs: (file: string) => boolean;
}

/** How `tenon` was found, or why it was not. */
export type Found =
  | { readonly file: string; readonly how: 'setting' | 'path' | 'workspace' }
  | { readonly file: undefined; readonly why: string };

export function locate(around: Surroundings): Found {
  const name = around.windows ? 'tenon.exe' : 'tenon';
  const written = around.setting.trim();
  if (written !== '') {
    for (const file of expand(written, around)) {
      if (around.runs(file)) return { file, how: 'setting' };
    }
    return { file: undefined, why: `The setting tenon.server.path says \`${written}\`, where there is no program.` };
  }
  for (const folder of around.searchPath.split(around.windows ? ';' : ':')) {
    // An empty part means the current folder, which nobody chose.
    if (folder === '' || !path.isAbsolute(folder)) continue;
    const file = path.join(folder, name);
    if (around.runs(file)) return { file, how: 'path' };
  }
  if (around.trusted) {
    for (const folder of around.folders) {
      for (const profile of ['release', 'debug']) {
        const file = path.join(folder, 'target', profile, name);
        if (around.runs(file)) return { file, how: 'workspace' };
      }
    }
  }
  const places = around.trusted ? 'neither in PATH nor in `target` of the workspace' : 'not in PATH';
  return { file: undefined, why: `\`tenon\` is ${places}.` };
}

/** The files that a setting may mean: one, or one in each folder of the workspace. */
function expand(written: string, around: Surroundings): string[] {
  const home = written === '~' || written.startsWith('~/') ? path.join(around.home, written.slice(1)) : written;
  if (home.includes('${workspaceFolder}')) {
    return around.folders.map((folder) => path.normalize(home.replaceAll('${workspaceFolder}', folder)));
  }
  if (path.isAbsolute(home)) return [home];
  return around.folders.map((folder) => path.join(folder, home));
}
