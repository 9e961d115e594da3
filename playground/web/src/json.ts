// JSON as text, so that numbers keep all their digits.

import { parts } from "../../../lsp/vscode/src/json";

export { indented, parts } from "../../../lsp/vscode/src/json";

/** A value as it stands outside of JSON: a text without its quotes, anything else as it is written. */
export function plain(json: string): string {
  return json.startsWith('"') ? JSON.parse(json) as string : json;
}

/** The values of a list or an object, each as JSON. */
export function values(json: string): string[] {
  return parts(json).map(({ value }) => value);
}

/** An object of members whose values are JSON. */
export function object(members: Iterable<readonly [name: string, json: string]>): string {
  return `{${[...members].map(([name, json]) => `${JSON.stringify(name)}:${json}`).join(",")}}`;
}

/** True for an object or a list. */
export function isNested(json: string): boolean {
  return json.startsWith("{") || json.startsWith("[");
}
