/**
 * The command lines of `tenon` that the extension makes: all of them.
 *
 * Knows nothing of the editor, so that each is tried with the real `tenon`.
 */

/** Serves a program; `more` is what the user's settings add. */
export const run = (program: string, more: readonly string[]): string[] => ['run', program, ...more];

/** Says what is wrong with a program. */
export const check = (program: string): string[] => ['check', program];

/** Serves the page that people try the language on. */
export const playground = (): string[] => ['playground'];

/** Runs the scenarios of a program, or those of these titles. */
export function test(program: string, only?: readonly string[]): string[] {
  // A title may begin with `-`.
  const chosen = only === undefined ? [] : ['--exact', ...only.map((title) => `--only=${title}`)];
  return ['test', program, '--json', ...chosen];
}

/** Prints rows of a relation, at most so many. */
export const rows = (relation: string, program: string, data: string, most: number): string[] =>
  ['export', relation, '--program', program, '--data', data, '--limit', String(most)];

/** Lists what a program may begin with. */
export const templates = (): string[] => ['new', '--list', '--json'];

/** Makes a program; `''` begins with what is usual. */
export const newProgram = (name: string, template: string): string[] =>
  ['new', name, ...(template === '' ? [] : ['--template', template]), '--json'];

/** Explains a diagnostic. */
export const explainError = (code: string): string[] => ['error', '--', code];
