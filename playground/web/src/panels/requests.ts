// A form per endpoint, made from its types; the answer, and what was sent before.

import { Drawn, fill, h, icon, toast } from "../dom";
import { fields } from "../forms";
import type { Fields, Keys } from "../forms";
import type { App } from "../app";
import { indented, object, plain, values } from "../json";
import type { Answer, Endpoint } from "../protocol";
import { json, places, problemCard, problemOf, tableOf } from "./problem";

/** What stands in the form of an endpoint: its values as a JSON object, and its body where that is written as JSON. */
interface Draft { values: string; body: string | undefined }

interface Sent {
  endpoint: string;
  method: string;
  target: string;
  headers: [string, string][];
  body: string;
  draft: Draft;
  answer: Answer;
  took: number;
}

const REMEMBERED = 30;

export class RequestsPanel {
  private chosen = "";
  private form: Fields | undefined;
  private raw: HTMLTextAreaElement | undefined;
  private drafts = new Map<string, Draft>();
  readonly history: Sent[] = [];
  private shown: Sent | undefined;
  private drawn = new Drawn();
  private answerPlace = h("div", { class: "answer", "aria-live": "polite" });
  private historyPlace = h("div", { class: "history" });

  constructor(private readonly app: App, private readonly place: HTMLElement, private readonly keys: Keys) {
    app.on("opened", () => this.update());
    app.on("panel", () => this.update());
  }

  forget(): void {
    this.history.length = 0;
    this.shown = undefined;
    this.drafts.clear();
    this.chosen = "";
    this.form = undefined;
  }

  open(endpoint: string): void {
    this.keep();
    this.chosen = endpoint;
    this.app.show("requests");
  }

  private keep(): void {
    if (this.form && this.chosen) this.drafts.set(this.chosen, this.draft(this.form));
  }

  private draft(form: Fields): Draft {
    return { values: form.json(), body: this.raw && !this.raw.hidden ? this.raw.value : undefined };
  }

  update(): void {
    if (this.app.panel !== "requests") return;
    const endpoints = this.app.program?.endpoints ?? [];
    if (endpoints.length === 0) {
      this.drawn.differs();
      fill(this.place, h("div", { class: "empty" }, h("h2", {}, "Nothing to call yet"),
        h("p", {}, "Give a query or a handler an ", h("code", {}, "at"), " clause, such as ", h("code", {}, 'at GET "/products" public'), ", and its form stands here.")));
      return;
    }
    const endpoint = endpoints.find((e) => e.name === this.chosen) ?? endpoints[0]!;
    if (!this.drawn.differs(endpoint, endpoints.map((e) => [e.name, e.method, e.path])) && this.form) return;
    if (this.form && this.chosen === endpoint.name) this.keep();
    this.chosen = endpoint.name;
    this.draw(endpoints, endpoint);
  }

  private draw(endpoints: Endpoint[], endpoint: Endpoint): void {
    this.form = fields(endpoint.params, this.keys);
    const draft = this.drafts.get(endpoint.name);
    if (draft) this.form.set(draft.values);
    const bodied = endpoint.params.some((p) => p.source === "body");
    const raw = h("textarea", { class: "code", rows: 6, hidden: true, "aria-label": "Body as JSON", spellcheck: "false" });
    this.raw = raw;
    const form = this.form;
    const toggle = h("button", { type: "button", class: "link", hidden: !bodied, onclick: () => {
      if (raw.hidden) raw.value = indented(this.body(endpoint));
      write(raw.hidden);
    } });
    const write = (asJson: boolean): void => {
      raw.hidden = !asJson;
      for (const param of endpoint.params.filter((p) => p.source === "body")) {
        form.inputs.get(param.name)!.element.closest<HTMLElement>(".field")!.hidden = asJson;
      }
      toggle.textContent = asJson ? "Back to the form" : "Write the body as JSON";
      toggle.setAttribute("aria-pressed", String(asJson));
    };
    raw.value = draft?.body ?? "";
    write(bodied && draft?.body !== undefined);
    const element = h("form", { class: "request" },
      h("p", { class: "call" }, method(endpoint.method), h("code", {}, endpoint.path),
        endpoint.at && h("button", { type: "button", class: "link", onclick: () => this.app.jump(this.app.program?.endpoints.find((e) => e.name === endpoint.name)?.at ?? endpoint.at!) }, endpoint.name)),
      endpoint.doc && h("p", { class: "hint" }, endpoint.doc),
      endpoint.params.length === 0 ? h("p", { class: "hint" }, "It takes nothing.") : form.element, raw,
      h("div", { class: "bar" }, h("button", { class: "primary", type: "submit" }, icon("send"), "Send"), toggle,
        h("button", { type: "button", class: "link", onclick: () => void this.copy(endpoint) }, "Copy as curl")));
    element.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.send(endpoint);
    });
    fill(this.place,
      h("div", { class: "endpoints", role: "group", "aria-label": "Endpoints" }, endpoints.map((e) => h("button", {
        class: "endpoint", "aria-pressed": String(e.name === endpoint.name), title: e.name,
        onclick: () => {
          if (e.name === this.chosen) return;
          this.keep();
          this.chosen = e.name;
          this.form = undefined;
          this.update();
        },
      }, method(e.method), h("span", { class: "path" }, e.path)))),
      element, this.answerPlace, this.historyPlace);
    this.drawAnswer();
    this.drawHistory();
  }

  private body(endpoint: Endpoint): string {
    const members = endpoint.params.filter((p) => p.source === "body").flatMap((p): [string, string][] => {
      const value = this.form!.inputs.get(p.name)!.json();
      return value === undefined ? [] : [[p.wire, value]];
    });
    return object(members);
  }

  /** The request that the form describes. */
  private request(endpoint: Endpoint): { method: string; target: string; headers: [string, string][]; body: string } {
    const headers: [string, string][] = [];
    const query: string[] = [];
    let target = endpoint.path;
    let body = "";
    for (const param of endpoint.params) {
      const value = this.form!.inputs.get(param.name)!.json();
      if (param.source === "path") {
        target = target.replace(`{${param.wire}}`, encodeURIComponent(plain(value ?? '""')));
      } else if (value === undefined || param.source === "body") {
        continue;
      } else if (param.source === "query") {
        for (const one of elements(value)) query.push(`${encodeURIComponent(param.wire)}=${encodeURIComponent(plain(one))}`);
      } else if (param.source === "header") {
        headers.push([param.wire, plain(value)]);
      } else if (param.source === "cookie") {
        headers.push(["cookie", `${param.wire}=${encodeURIComponent(plain(value))}`]);
      } else {
        body = param.json ? value : plain(value);
        headers.push(["content-type", param.media ?? "application/json"]);
      }
    }
    if (endpoint.params.some((p) => p.source === "body")) {
      body = this.raw && !this.raw.hidden ? this.raw.value : this.body(endpoint);
      headers.push(["content-type", "application/json"]);
    }
    if (query.length > 0) target += `?${query.join("&")}`;
    return { method: endpoint.method, target, headers, body };
  }

  async send(endpoint: Endpoint): Promise<void> {
    const request = this.request(endpoint);
    // The form may be another one when the answer comes.
    const draft = this.draft(this.form!);
    const start = performance.now();
    let answer: Answer;
    try {
      answer = await this.app.ask<Answer>("send", request);
    } catch (error) {
      toast((error as Error).message, "bad");
      return;
    }
    this.shown = { ...request, endpoint: endpoint.name, draft, answer, took: performance.now() - start };
    this.history.unshift(this.shown);
    this.history.splice(REMEMBERED);
    this.drawAnswer();
    this.drawHistory();
    this.answerPlace.scrollIntoView({ block: "nearest" });
    this.app.emit("sent");
    await this.app.changed();
  }

  private drawAnswer(): void {
    const sent = this.shown;
    if (!sent || sent.endpoint !== this.chosen) {
      fill(this.answerPlace);
      this.form?.blame([]);
      return;
    }
    const { answer } = sent;
    const problem = problemOf(answer);
    this.form?.blame(problem ? places(problem) : []);
    const table = tableOf(answer.body);
    fill(this.answerPlace,
      h("p", { class: "statusline" }, status(answer.status), h("span", { class: "soft" }, `${sent.method} ${sent.target}`),
        h("span", { class: "soft took" }, `${sent.took < 10 ? sent.took.toFixed(1) : Math.round(sent.took)} ms`)),
      problem && problemCard(this.app, answer, problem),
      table,
      answer.body === "" ? h("p", { class: "hint" }, "The answer has no body.")
        : table || problem ? h("details", {}, h("summary", {}, "Body as JSON"), json(answer.body)) : json(answer.body),
      answer.log.length > 0 && h("div", { class: "log" }, h("h2", {}, "Log"), answer.log.map((line) => h("pre", {}, line))));
  }

  private drawHistory(): void {
    if (this.history.length === 0) return fill(this.historyPlace);
    fill(this.historyPlace, h("h2", {}, "Sent before"), h("ol", {}, this.history.map((sent) => h("li", {}, h("button", {
      class: "entry", title: "Take up again", onclick: () => this.restore(sent),
    }, h("span", { class: "hidden" }, "Take up again: "), status(sent.answer.status), method(sent.method), h("span", { class: "path" }, sent.target), h("span", { class: "soft" }, sent.body))))));
  }

  private restore(sent: Sent): void {
    if (!this.app.program?.endpoints.some((e) => e.name === sent.endpoint)) {
      toast(`The program has no ${sent.endpoint} any more.`);
      return;
    }
    this.drafts.set(sent.endpoint, sent.draft);
    this.chosen = sent.endpoint;
    this.form = undefined;
    this.shown = sent;
    this.update();
  }

  private async copy(endpoint: Endpoint): Promise<void> {
    const { method, target, headers, body } = this.request(endpoint);
    const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
    const parts = ["curl", ...(method === "GET" ? [] : ["-X", method]), quote(`localhost:8080${target}`)];
    for (const [name, value] of headers) parts.push("-H", quote(`${name}: ${value}`));
    if (body !== "") parts.push("-d", quote(body));
    await navigator.clipboard.writeText(parts.join(" ")).then(
      () => toast("Copied, for a program that `tenon run` serves."), () => toast("The browser does not allow copying.", "bad"));
  }
}

export function method(name: string): HTMLElement {
  return h("span", { class: `method ${name.toLowerCase()}` }, name);
}

export function status(code: number): HTMLElement {
  const kind = code < 300 ? "good" : code < 500 ? "warn" : "bad";
  return h("span", { class: `status ${kind}` }, code);
}

/** The elements of a list, each as JSON; a value that is no list by itself. */
function elements(json: string): string[] {
  return json.startsWith("[") ? values(json) : [json];
}
