/**
 * JSON as text: numbers keep all their digits, which the numbers of this language would not.
 *
 * Knows nothing of the editor, so that it can be tested alone.
 */

const BLANK = /[ \t\r\n]*/y;
const STRING = /"(?:[^"\\]|\\.)*"/y;
const WORD = /[^\s,:[\]{}"]+/y;

function match(sign: RegExp, text: string, at: number): number {
  sign.lastIndex = at;
  return sign.test(text) ? sign.lastIndex : at;
}

/** The parts of an array or object: each value as it is written, with its name in an object. */
export function parts(text: string): { readonly name: string | undefined; readonly value: string }[] {
  const found: { name: string | undefined; value: string }[] = [];
  let at = match(BLANK, text, 0);
  const named = text[at] === '{';
  at = match(BLANK, text, at + 1);
  while (at < text.length && text[at] !== ']' && text[at] !== '}') {
    let name: string | undefined;
    if (named) {
      const end = match(STRING, text, at);
      name = JSON.parse(text.slice(at, end)) as string;
      // Behind the colon.
      at = match(BLANK, text, match(BLANK, text, end) + 1);
    }
    const end = valueEnd(text, at);
    found.push({ name, value: text.slice(at, end) });
    at = match(BLANK, text, end);
    if (text[at] === ',') at = match(BLANK, text, at + 1);
  }
  return found;
}

function valueEnd(text: string, from: number): number {
  let depth = 0;
  let at = from;
  do {
    const sign = text[at];
    if (sign === '"') at = match(STRING, text, at);
    else if (sign === '{' || sign === '[') (depth += 1), (at += 1);
    else if (sign === '}' || sign === ']') (depth -= 1), (at += 1);
    else if (sign === ',' || sign === ':') at += 1;
    else at = match(WORD, text, at);
    if (depth > 0) at = match(BLANK, text, at);
  } while (depth > 0 && at < text.length);
  return at;
}

/** The text with its parts in lines of their own; as it is, if it is not JSON. */
export function indented(text: string): string {
  try {
    JSON.parse(text);
  } catch {
    return text;
  }
  return lines(text.trim(), '');
}

function lines(value: string, margin: string): string {
  const open = value[0];
  if (open !== '{' && open !== '[') return value;
  const close = open === '{' ? '}' : ']';
  const inner = parts(value);
  if (inner.length === 0) return open + close;
  const written = inner.map(({ name, value: one }) => {
    const label = name === undefined ? '' : `${JSON.stringify(name)}: `;
    return `${margin}  ${label}${lines(one, `${margin}  `)}`;
  });
  return `${open}\n${written.join(',\n')}\n${margin}${close}`;
}
