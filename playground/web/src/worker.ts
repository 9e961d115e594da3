// The worker: holds the WebAssembly module and passes requests to it. Programs run here and nowhere else.

interface Exports {
  memory: WebAssembly.Memory;
  tenon_alloc(length: number): number;
  tenon_handle(place: number, length: number): number;
  tenon_answer(): number;
}

declare const self: DedicatedWorkerGlobalScope;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

async function load(): Promise<Exports> {
  const response = await fetch("tenon.wasm");
  if (!response.ok) throw new Error(`tenon.wasm: ${response.status}`);
  const typed = response.headers.get("content-type") === "application/wasm";
  const { instance } = typed
    ? await WebAssembly.instantiateStreaming(response, {})
    : await WebAssembly.instantiate(await response.arrayBuffer(), {});
  return instance.exports as unknown as Exports;
}

const loading = load();
// What is asked meanwhile is answered then; time is counted from here.
loading.then(() => self.postMessage({ ready: true }), () => undefined);

function handle(exports: Exports, request: string): string {
  const bytes = encoder.encode(request);
  const place = exports.tenon_alloc(bytes.length);
  new Uint8Array(exports.memory.buffer, place, bytes.length).set(bytes);
  const length = exports.tenon_handle(place, bytes.length) >>> 0;
  return decoder.decode(new Uint8Array(exports.memory.buffer, exports.tenon_answer() >>> 0, length));
}

self.onmessage = async (event: MessageEvent<{ id: number; request: string }>) => {
  const { id, request } = event.data;
  let exports: Exports;
  try {
    exports = await loading;
  } catch (error) {
    self.postMessage({ id, answer: JSON.stringify({ error: `The compiler could not be loaded (${String(error)}).` }) });
    return;
  }
  try {
    self.postMessage({ id, answer: handle(exports, request) });
  } catch (error) {
    // A trap leaves the module in no state to go on.
    const deep = error instanceof RangeError || String(error).includes("call stack");
    self.postMessage({
      id,
      died: deep
        ? "The program is nested too deeply for this browser. The rows are gone with the engine that stopped."
        : `The engine stopped (${String(error)}). This is a bug of Tenon; the rows are gone with it.`,
    });
  }
};

export {};
