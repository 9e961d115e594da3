/** One request of HTTP, and its answer as a text. Knows nothing of the editor. */

import * as http from 'node:http';
import * as https from 'node:https';
import { indented } from './json';
import type { Request } from './request';

/** The most that is kept of an answer. */
const MOST = 8 << 20;

export type Answered =
  | { readonly text: string; readonly status: number }
  /** Nothing listens at the address. */
  | { readonly text: undefined; readonly refused: boolean; readonly why: string };

/** Sends a request. Never throws: what is wrong is in the answer. */
export function send(request: Request, stop: AbortSignal): Promise<Answered> {
  return new Promise((done) => {
    const failed = (error: NodeJS.ErrnoException) =>
      done({ text: undefined, refused: error.code === 'ECONNREFUSED', why: error.message || String(error.code) });
    try {
      const { request: begin } = request.url.protocol === 'https:' ? https : http;
      const sent = begin(request.url, { method: request.method, signal: stop }, (answer) => {
        const chunks: Buffer[] = [];
        let size = 0;
        const end = (cut: boolean) => done({ text: written(answer, Buffer.concat(chunks), cut), status: answer.statusCode ?? 0 });
        answer.on('error', failed);
        answer.on('end', () => end(false));
        answer.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size <= MOST) chunks.push(chunk);
          else {
            end(true);
            sent.destroy();
          }
        });
      });
      sent.on('error', failed);
      for (const [name, value] of request.headers) sent.appendHeader(name, value);
      if (request.body !== '') sent.setHeader('Content-Length', Buffer.byteLength(request.body));
      sent.end(request.body);
    } catch (error) {
      failed(error as NodeJS.ErrnoException);
    }
  });
}

function written(answer: http.IncomingMessage, body: Buffer, cut: boolean): string {
  const type = answer.headers['content-type'] ?? '';
  const text = body.toString('utf8');
  const shown = /^(text\/|application\/(.+\+)?json)/.test(type) || body.length === 0 ? text : `(${body.length} bytes)`;
  const names = answer.rawHeaders.filter((_, index) => index % 2 === 0);
  const headers = names.map((name, index) => `${name}: ${answer.rawHeaders[2 * index + 1] ?? ''}`);
  return [
    `${answer.statusCode ?? ''} ${answer.statusMessage ?? ''}`.trim(),
    ...headers,
    '',
    ...(shown === '' ? [] : [/json/.test(type) && !cut ? indented(shown) : shown, '']),
    ...(cut ? [`(the answer is longer than ${MOST >> 20} MiB; the rest was not read)`, ''] : []),
  ].join('\n');
}
