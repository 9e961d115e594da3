// The engine behind the page: WebAssembly in a worker, or the native one of `tenon playground`. Requests are answered in
// the order in which they are asked.

export interface Engine {
  /** Asks the engine; throws one sentence where it says no. */
  ask<T>(what: string, args?: object): Promise<T>;
  /** Whether programs run on this machine outside of the browser's sandbox. */
  readonly native: boolean;
}

/** A call that takes longer than this is ended, and the worker starts again; loading the compiler is no call. */
const PATIENCE = 20_000;

/** What the engine could not do, in words for people. */
export class Refused extends Error {}

type Settle = { resolve: (value: unknown) => void; reject: (error: Error) => void };

/** A value as the text of its JSON, which goes to the engine as it is: numbers keep all their digits. */
export class Raw {
  constructor(readonly text: string) {
    try {
      JSON.parse(text);
    } catch (error) {
      throw new Refused(`This is not JSON: ${(error as Error).message}.`);
    }
  }
}

function written(what: string, args: object): string {
  const members = (Object.entries({ do: what, ...world(), ...args }) as [string, unknown][]).filter(([, value]) => value !== undefined);
  return `{${members.map(([name, value]) => `${JSON.stringify(name)}:${value instanceof Raw ? value.text : JSON.stringify(value)}`).join(",")}}`;
}

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
  /** The worker has its compiler. Until then it waits for the network, however long that takes. */
  private ready = false;

  /** `revived` hears that a new worker without a program took the place of a dead one. */
  constructor(private readonly revived: (why: string) => void) {
    this.start();
  }

  private start(): void {
    const worker = new Worker("worker.js", { name: "tenon" });
    this.ready = false;
    worker.onmessage = (event: MessageEvent<{ id: number; answer?: string; died?: string; ready?: true }>) => {
      const { id, answer, died, ready } = event.data;
      if (died !== undefined) return this.died(died);
      if (ready) {
        this.ready = true;
        return this.rewatch();
      }
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
    if (this.ready && this.waiting.size > 0) {
      this.watch = setTimeout(
        () => this.died("A call took too long and was ended. The rows are gone with it."), PATIENCE,
      ) as unknown as number;
    }
  }

  ask<T>(what: string, args: object = {}): Promise<T> {
    const id = this.next++;
    const request = written(what, args);
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
  private session: string | undefined;

  /** `revived` hears that a new session without a program took the place of one that is gone. */
  constructor(private readonly revived: (why: string) => void) {
    // A page that is left may come back from the browser's memory: then its session is gone, and it begins another.
    addEventListener("pagehide", () => {
      if (this.session !== undefined) void fetch(this.place, { method: "DELETE", keepalive: true }).catch(() => undefined);
    });
  }

  private get place(): string {
    return `engine/${this.session}`;
  }

  private async fetch(init: RequestInit): Promise<Response> {
    try {
      return await fetch(this.place, init);
    } catch {
      throw new Refused("`tenon playground` does not answer: is it still running?");
    }
  }

  private async begin(): Promise<void> {
    if (this.session !== undefined) return;
    this.session = crypto.randomUUID();
    const response = await this.fetch({ method: "PUT" }).catch((error: Error) => {
      this.session = undefined;
      throw error;
    });
    if (response.ok) return;
    this.session = undefined;
    throw new Refused(`\`tenon playground\` answers ${response.status}: ${await response.text()}`);
  }

  private async run<T>(body: string): Promise<T> {
    await this.begin();
    const response = await this.fetch({ method: "POST", headers: { "content-type": "application/json" }, body });
    if (response.status === 410) {
      this.session = undefined;
      const why = `The engine of this page was ended (${await response.text()}). The rows are gone with it.`;
      // First hears whoever asked, then whoever begins again.
      setTimeout(() => this.revived(why));
      throw new Refused(why);
    }
    if (!response.ok) throw new Refused(`\`tenon playground\` answers ${response.status}: ${await response.text()}`);
    return read<T>(await response.text());
  }

  ask<T>(what: string, args: object = {}): Promise<T> {
    const body = written(what, args);
    const run = (): Promise<T> => this.run<T>(body);
    const answer = this.last.then(run, run);
    this.last = answer.catch(() => undefined);
    return answer;
  }
}
