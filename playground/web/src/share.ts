// A program in the fragment of a link: it never reaches a server. Deflated JSON in base64 for URLs.

import type { ProgramFile } from "./protocol";

export interface Shared { title: string; files: ProgramFile[] }

/** Links longer than this are cut by some mail programs and messengers. */
export const LONGEST = 32_000;
/** A link may not unpack to more than this. */
const LARGEST = 1_000_000;

const PREFIX = "#p1=";

async function collect(stream: ReadableStream<Uint8Array>, most: number): Promise<Uint8Array> {
  const reader = stream.getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > most) {
      await reader.cancel();
      throw new Error("it unpacks to more than a megabyte");
    }
    parts.push(value);
  }
  const out = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** The fragment that carries a program. */
export async function pack(shared: Shared): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(shared));
  const packed = await collect(new Blob([bytes as BlobPart]).stream().pipeThrough(new CompressionStream("deflate-raw")) as ReadableStream<Uint8Array>, Infinity);
  let binary = "";
  for (const byte of packed) binary += String.fromCharCode(byte);
  return PREFIX + btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** The program of a fragment; `undefined` where it carries none. Throws one sentence where it is damaged. */
export async function unpack(fragment: string): Promise<Shared | undefined> {
  if (!fragment.startsWith(PREFIX)) return undefined;
  let shared: Shared;
  try {
    const binary = atob(fragment.slice(PREFIX.length).replaceAll("-", "+").replaceAll("_", "/"));
    const packed = Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
    const bytes = await collect(new Blob([packed as BlobPart]).stream().pipeThrough(new DecompressionStream("deflate-raw")) as ReadableStream<Uint8Array>, LARGEST);
    shared = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as Shared;
  } catch (error) {
    throw new Error(`The program in this link cannot be read: ${error instanceof Error ? error.message : String(error)}.`);
  }
  const good = typeof shared.title === "string" && Array.isArray(shared.files) && shared.files.length > 0 && shared.files.length <= 50
    && shared.files.every((file) => typeof file.text === "string" && typeof file.path === "string" && /^[\w/-]+\.tn$/.test(file.path));
  if (!good) throw new Error("The program in this link cannot be read: it is not of the right form.");
  return shared;
}
