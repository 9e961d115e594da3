/** Which program a file belongs to, and how `tenon` is run on it. */

import { type ExecFileException, execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as path from 'node:path';

/** A program: what `tenon` takes, and what its paths are relative to. */
export interface Program {
  /** A `.tn` file, or a folder with `tenon.toml`. */
  readonly path: string;
  /** The folder that places in answers are relative to. */
  readonly root: string;
}

/**
 * The program of the nearest folder with `tenon.toml` above a file, whatever folder is open, as `tenon` itself decides it
 * (`compiler/project/src/members.rs`): what lies in its `data`, or is hidden, is none of its files. A file of no
 * folder's program is one by itself.
 */
export function programOf(file: string, exists: (file: string) => boolean = existsSync): Program {
  const alone = { path: file, root: path.dirname(file) };
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    if (exists(path.join(folder, 'tenon.toml'))) {
      const steps = path.relative(folder, file).split(path.sep);
      const inData = steps.length > 1 && steps[0] === 'data';
      return inData || steps.some((step) => step.startsWith('.')) ? alone : { path: folder, root: folder };
    }
    if (folder === path.dirname(folder)) return alone;
  }
}

/** What a run of `tenon` gave. */
export interface Ran {
  readonly output: string;
  readonly complaint: string;
  /** Not by a number where it could not run at all, or was stopped. */
  readonly code: number | undefined;
}

/** The most that is kept of an output. */
const MOST = 64 << 20;

/** Runs `tenon` to its end. Never throws: what is wrong is in the answer. */
export function run(tenon: string, args: readonly string[], cwd: string, stop?: AbortSignal): Promise<Ran> {
  return new Promise((done) => {
    execFile(
      tenon,
      args,
      { cwd, maxBuffer: MOST, windowsHide: true, ...(stop ? { signal: stop } : {}) },
      (error: ExecFileException | null, output, complaint) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : undefined;
        done({ output, complaint: complaint || (code === undefined ? (error?.message ?? '') : ''), code });
      },
    );
  });
}
