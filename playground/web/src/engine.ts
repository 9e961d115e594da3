// The engine behind the page: WebAssembly in a worker, or the native one of `tenon playground`. Requests are answered in
// the order in which they are asked.

export interface Engine {
  /** Asks the engine; throws one sentence where it says no. */
  ask<T>(what: string, args?: object): Promise<T>;
  /** Whether programs run on this machine outside of the browser's sandbox. */
  readonly native: boolean;
}

/** A call that takes longer than this is ended, and the worker starts again. */
const PATIENCE = 20_000;

/** What the engine could not do, in words for people. */
export class Refused extends Error {}

type Settle = { resolve: (value: unknown) => void; reject: (error: Error) => void };

function world(): object {
  const seed = crypto.getRandomValues(new Uint32Array(2));
  return { now: Date.now(), seed: (seed[0]! & 0xfffff) * 2 ** 32 + seed[1]! };
}

function read<T>(answer: string): T {
  const message = JSON.parse(answer) as { ok?: T; error?: string };
  if (message.error !== undefined) throw new Refused(message.error);
  return message.ok as T;
}

/** The engine in a worker. When it dies (a stack that overflows, a call that does not end), a new one takes its place. */
export class WorkerEngine implements Engine {
  readonly native = false;
  private worker: Worker | undefined;
  private waiting = new Map<number, Settle>();
  private next = 1;
  private watch: number | undefined;

  /** `revived` hears that a new worker without a program took the place of a dead one. */
  constructor(private readonly revived: (why: string) => void) {
    this.start();
  }

  private start(): void {
    const worker = new Worker("worker.js", { name: "tenon" });
    worker.onmessage = (event: MessageEvent<{ id: number; answer?: string; died?: string }>) => {
      const { id, answer, died } = event.data;
      if (died !== undefined) return this.died(died);
      const settle = this.waiting.get(id);
      this.waiting.delete(id);
      this.rewatch();
      try {
        settle?.resolve(read(answer!));
      } catch (error) {
        settle?.reject(error as Error);
      }
    };
    worker.onerror = (event) => this.died(event.message || "the engine stopped");
    this.worker = worker;
  }

  private died(why: string): void {
    this.worker?.terminate();
    clearTimeout(this.watch);
    const waiting = [...this.waiting.values()];
    this.waiting.clear();
    this.start();
    for (const settle of waiting) settle.reject(new Refused(why));
    this.revived(why);
  }

  private rewatch(): void {
    clearTimeout(this.watch);
    if (this.waiting.size > 0) {
      this.watch = setTimeout(
        () => this.died("A call took too long and was ended. The rows are gone with it."), PATIENCE,
      ) as unknown as number;
    }
  }

  ask<T>(what: string, args: object = {}): Promise<T> {
    const id = this.next++;
    const request = JSON.stringify({ do: what, ...world(), ...args });
    return new Promise<T>((resolve, reject) => {
      this.waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      if (this.waiting.size === 1) this.rewatch();
      this.worker!.postMessage({ id, request });
    });
  }
}

/** The native engine of `tenon playground`, over HTTP on the loopback interface. */
export class NativeEngine implements Engine {
  readonly native = true;
  private last: Promise<unknown> = Promise.resolve();
  private readonly session = crypto.randomUUID();

  ask<T>(what: string, args: object = {}): Promise<T> {
    const body = JSON.stringify({ do: what, ...world(), ...args });
    const run = async (): Promise<T> => {
      let response: Response;
      try {
        response = await fetch(`engine/${this.session}`, {
          method: "POST", headers: { "content-type": "application/json" }, body,
        });
      } catch {
        throw new Refused("`tenon playground` does not answer: is it still running?");
      }
      if (!response.ok) throw new Refused(`\`tenon playground\` answers ${response.status}: ${await response.text()}`);
      return read<T>(await response.text());
    };
    const answer = this.last.then(run, run);
    this.last = answer.catch(() => undefined);
    return answer;
  }
}
