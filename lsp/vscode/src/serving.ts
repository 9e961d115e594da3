/**
 * Where a program is served and where its data lies, as the arguments of `tenon run` say.
 *
 * Knows nothing of the editor, so that it can be tested alone.
 */

import * as path from 'node:path';

export interface Serving {
  /** What stands before the path of a request: `http://127.0.0.1:8080`. */
  readonly base: string;
  /** The folder of the store. */
  readonly data: string;
}

/** `root` is the folder that `tenon run` is started in. */
export function servingOf(args: readonly string[], root: string): Serving {
  const value = (name: string, otherwise: string) => {
    let found = otherwise;
    for (const [index, arg] of args.entries()) {
      if (arg === '--') break;
      if (arg === name) found = args[index + 1] ?? otherwise;
      else if (arg.startsWith(`${name}=`)) found = arg.slice(name.length + 1);
    }
    return found;
  };
  const address = value('--address', '127.0.0.1');
  // What listens everywhere is asked here.
  const host = address === '0.0.0.0' || address === '::' ? '127.0.0.1' : address.includes(':') ? `[${address}]` : address;
  return { base: `http://${host}:${value('--port', '8080')}`, data: path.resolve(root, value('--data', './data')) };
}
