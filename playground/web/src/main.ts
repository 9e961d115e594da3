// The page: puts its parts together.

import { byId, fill, h, icon, toast } from "./dom";
import { App } from "./app";
import type { PanelName } from "./app";
import { Editor } from "./editor";
import { NativeEngine, Refused, WorkerEngine } from "./engine";
import { examples, openGallery } from "./gallery";
import type { Example } from "./gallery";
import { LanguageTools } from "./lsp";
import { DataPanel } from "./panels/data";
import { PlanPanel } from "./panels/plan";
import { ProblemsPanel } from "./panels/problems";
import { RequestsPanel } from "./panels/requests";
import { ScenariosPanel } from "./panels/scenarios";
import { SchemaPanel } from "./panels/schema";
import type { At } from "./protocol";
import { LONGEST, pack, unpack } from "./share";
import type { Shared } from "./share";
import { setUpTheme } from "./theme";
import { Tour } from "./tour";

const SAVED = "tenon-program";
const DELAY = 120;
const BLANK = "/// Your program. Try: relation Product { key sku: Text  name: Text }\n";

const native = document.querySelector("meta[name=tenon-engine]")?.getAttribute("content") === "native";
const revived = (why: string): void => {
  toast(why, "bad");
  // A text that ends the engine twice in a row waits for its next change.
  const now = performance.now();
  stalled = now - died < 10_000;
  died = now;
  if (!stalled) void beginAgain();
};
const engine = native ? new NativeEngine(revived) : new WorkerEngine(revived);
let died = -Infinity;
let stalled = false;

/** Gives a new engine what the old one had, but for the rows. */
async function beginAgain(): Promise<void> {
  tools.reconnect();
  await app.open(true);
}

const app = new App(engine, (at: At) => {
  if (phone.matches) app.show("program");
  editor.jump(at);
});
const phone = matchMedia("(max-width: 760px)");
const tools = new LanguageTools(engine);
let timer: ReturnType<typeof setTimeout> | undefined;

const editor = new Editor(byId("editor"), {
  changed: () => {
    app.outdated();
    clearTimeout(timer);
    timer = setTimeout(() => void changed(), DELAY);
  },
  moved: (file, offset) => {
    app.cursor = { file, offset };
    app.emit("cursor");
  },
  scenario: (name) => scenarios.open(name),
  selected: () => drawFiles(),
});
tools.attach(editor);

const data = new DataPanel(app, byId("panel-data"));
const requests = new RequestsPanel(app, byId("panel-requests"), data.keys);
const scenarios = new ScenariosPanel(app, byId("panel-scenarios"));
new SchemaPanel(app, byId("panel-schema"), (relation) => data.open(relation));
new PlanPanel(app, byId("panel-plan"), byId("panel-core"));
new ProblemsPanel(app, byId("problems"), (fix) => editor.fix(fix));
const tour = new Tour(app, byId("tour"), (title, program, rows) => load({ title, files: [{ path: "main.tn", text: program }] }, rows),
  (program) => editor.replace(program), () => void restore(), () => phone.matches);

app.source = () => ({ files: editor.files(), version: editor.version });

async function changed(): Promise<void> {
  app.files = editor.files();
  if (stalled) {
    stalled = false;
    tools.reconnect();
  }
  tools.setFiles(app.files.map((file) => file.path));
  save();
  await app.open(false);
}

app.settled = async () => {
  clearTimeout(timer);
  await changed();
};

function save(): void {
  // A program of a stranger takes nobody's place before its owner has said so.
  if (tour.active || app.held) return;
  try {
    localStorage.setItem(SAVED, JSON.stringify({ title: app.title, files: app.files }));
  } catch {
    // A browser that stores nothing begins with an example next time.
  }
}

/** Shows a program and runs it; with `held` it waits for consent, which belongs to this program alone. */
async function load(program: Shared, rows: { [relation: string]: object[] } = {}, held = false): Promise<void> {
  clearTimeout(timer);
  byId("consent").hidden = true;
  app.held = false;
  app.title = program.title;
  app.files = program.files;
  editor.setFiles(program.files);
  tools.setFiles(program.files.map((file) => file.path));
  byId("title").textContent = program.title;
  document.title = program.title === "" ? "Tenon playground" : `${program.title} · Tenon playground`;
  requests.forget();
  clearTimeout(timer);
  if (held) return app.hold();
  await app.open(true, rows);
}

async function loadExample(example: Example): Promise<void> {
  if (tour.active) tour.stop(false);
  // Before it loads: whoever turns to another panel meanwhile stays there.
  app.show("data");
  await load({ title: example.title, files: example.files }, example.rows);
  save();
}

function drawFiles(): void {
  const files = editor.files();
  const name = (path: string): HTMLElement => h("button", {
    role: "tab", "aria-selected": String(path === editor.file), "aria-controls": "editor", onclick: () => editor.select(path), tabindex: path === editor.file ? 0 : -1,
  }, path);
  fill(byId("files"),
    h("div", { role: "tablist", "aria-label": "Files", onkeydown: arrows }, files.map(({ path }) => name(path))),
    files.length > 1 && h("button", { class: "plain", "aria-label": `Remove ${editor.file}`, title: `Remove ${editor.file}`, onclick: () => removeFile(editor.file) }, icon("close")),
    h("button", { class: "plain", "aria-label": "Add a file", title: "Add a file", onclick: addFile }, icon("plus")));
}

/** Left and right move within a list of tabs. */
function arrows(event: Event): void {
  const { key } = event as KeyboardEvent;
  const step = key === "ArrowRight" ? 1 : key === "ArrowLeft" ? -1 : 0;
  if (step === 0) return;
  const list = event.currentTarget as HTMLElement;
  const tabs = [...list.querySelectorAll<HTMLElement>("[role=tab]")].filter((tab) => tab.offsetParent !== null);
  const next = tabs[(tabs.indexOf(document.activeElement as HTMLElement) + step + tabs.length) % tabs.length];
  next?.click();
  const again = [...list.ownerDocument.querySelectorAll<HTMLElement>("[role=tab]")].find((tab) => tab.textContent === next?.textContent);
  again?.focus();
  event.preventDefault();
}

function addFile(): void {
  const dialog = byId<HTMLDialogElement>("dialog");
  const input = h("input", { id: "new-file", type: "text", value: "more.tn", spellcheck: "false", autocomplete: "off" });
  const trouble = h("p", { class: "complaint", role: "alert", hidden: true });
  const form = h("form", { class: "dialog", onsubmit: (event: Event) => {
    event.preventDefault();
    const path = input.value.trim().replace(/(\.tn)?$/, ".tn");
    const taken = editor.files().some((file) => file.path === path);
    if (!/^[\w/-]+\.tn$/.test(path) || taken) {
      trouble.textContent = taken ? "There is a file of this name." : "Letters, digits, `_`, `-` and `/` make a name.";
      trouble.hidden = false;
      return;
    }
    dialog.close();
    editor.addFile(path, "");
    editor.view.focus();
  } }, h("h2", {}, "Add a file"), h("div", { class: "field" }, h("label", { for: "new-file" }, h("span", { class: "name" }, "Name")), input,
    h("p", { class: "hint" }, "Files of one folder are one module: they see each other's declarations.")), trouble,
  h("div", { class: "buttons" }, h("button", { type: "button", onclick: () => dialog.close() }, "Cancel"), h("button", { class: "primary", type: "submit" }, "Add")));
  fill(dialog, form);
  dialog.showModal();
  input.select();
}

function removeFile(path: string): void {
  const text = editor.files().find((file) => file.path === path)?.text ?? "";
  if (text.trim() !== "" && !confirm(`Remove ${path} and what is in it?`)) return;
  editor.removeFile(path);
}

async function share(): Promise<void> {
  const fragment = await pack({ title: app.title, files: editor.files() });
  const link = location.href.split("#")[0]! + fragment;
  if (link.length > LONGEST) {
    toast(`The program is too long for a link: it would have ${link.length.toLocaleString("en")} characters, and ${LONGEST.toLocaleString("en")} are the most.`, "bad");
    return;
  }
  history.replaceState(null, "", fragment);
  await navigator.clipboard.writeText(link).then(
    () => toast("The link is copied. It carries the program itself; rows stay here."),
    () => toast("The link stands in the address bar. It carries the program itself; rows stay here."));
}

function setUpPanels(): void {
  const tabs = [...document.querySelectorAll<HTMLElement>("#tabs [role=tab]")];
  const names = tabs.map((tab) => tab.dataset.panel as PanelName);
  tabs.forEach((tab) => tab.addEventListener("click", () => app.show(tab.dataset.panel as PanelName)));
  byId("tabs").addEventListener("keydown", arrows);
  const draw = (): void => {
    if (app.panel === "program" && !phone.matches) app.panel = "data";
    document.body.dataset.panel = app.panel;
    for (const name of names) {
      const on = name === app.panel;
      const tab = byId(`tab-${name}`);
      tab.setAttribute("aria-selected", String(on));
      tab.tabIndex = on ? 0 : -1;
      if (on && phone.matches) tab.scrollIntoView({ inline: "center", block: "nearest" });
      if (name !== "program") byId(`panel-${name}`).hidden = !on;
    }
  };
  app.on("panel", draw);
  phone.addEventListener("change", () => app.show(app.panel));
  app.show(phone.matches ? "program" : "data");
}

function setUpStatus(): void {
  const status = byId("status");
  const draw = (): void => {
    const opened = app.opened;
    status.setAttribute("aria-busy", String(app.busy));
    const say = (kind: string, text: string): void => {
      status.className = kind;
      // Said aloud only where it changes.
      if (status.textContent !== text) status.textContent = text;
    };
    if (app.held) return say("warn", "Waits to be run");
    if (!opened) return;
    const stale = !opened.sound && opened.program !== undefined;
    if (app.starting) say("", "Starting…");
    else if (opened.sound) say("good", "Running");
    else if (stale) say("warn", "Running the last version without errors");
    else say("bad", "Has errors");
    const reports = app.reports.filter((r) => r !== undefined);
    const broken = reports.filter((r) => !r.passed).length;
    fill(byId("tab-scenarios"), "Scenarios", reports.length > 0 && h("span", { class: `badge ${broken > 0 ? "bad" : "good"}` }, broken > 0 ? broken : icon("check")));
  };
  app.on("busy", draw);
  app.on("opened", () => {
    draw();
    editor.setProblems(app.opened?.problems ?? []);
    for (const { relation, rows, why } of app.opened?.leftOut ?? []) {
      toast(`${rows} row${rows === 1 ? "" : "s"}${relation === "" ? "" : ` of ${relation}`} did not fit the changed program: ${why}`, "bad");
    }
    if (app.opened?.refused) toast(app.opened.refused, "bad");
  });
  app.on("reports", () => {
    draw();
    editor.setReports(app.reports.filter((r) => r !== undefined));
  });
}

function setUpSplit(): void {
  const bar = byId("split");
  const set = (share: number): void => {
    const clamped = Math.min(75, Math.max(25, share));
    document.documentElement.style.setProperty("--split", `${clamped}%`);
    bar.setAttribute("aria-valuenow", String(Math.round(clamped)));
  };
  bar.addEventListener("pointerdown", (event) => {
    bar.setPointerCapture(event.pointerId);
    const move = (e: PointerEvent): void => set(100 * e.clientX / innerWidth);
    bar.addEventListener("pointermove", move);
    bar.addEventListener("pointerup", () => bar.removeEventListener("pointermove", move), { once: true });
  });
  bar.addEventListener("keydown", (event) => {
    const now = Number(bar.getAttribute("aria-valuenow"));
    if (event.key === "ArrowLeft") set(now - 2);
    if (event.key === "ArrowRight") set(now + 2);
  });
}

async function consent(shared: Shared): Promise<void> {
  // A program of a stranger runs in the browser's sandbox at once, and on this machine only when its owner says so.
  await load(shared, {}, true);
  const bar = byId("consent");
  bar.hidden = false;
  fill(bar, h("p", {}, "This program came with the link, and this page runs programs on your machine. Read it first."),
    h("button", { class: "primary", onclick: () => { app.held = false; bar.hidden = true; save(); void app.open(true); } }, "Run it"));
}

async function startTour(at?: number): Promise<void> {
  if (phone.matches) app.show("program");
  await tour.start(at);
}

/** The program that was here last, or the first example. */
async function restore(): Promise<void> {
  try {
    const saved = JSON.parse(localStorage.getItem(SAVED) ?? "null") as Shared | null;
    if (saved && saved.files.length > 0) return await load(saved);
  } catch {
    // What was kept cannot be read: begin with the first example.
  }
  const first = (await examples(app))[0]!;
  await load({ title: first.title, files: first.files }, first.rows);
}

async function begin(): Promise<void> {
  try {
    const shared = await unpack(location.hash);
    if (shared) {
      if (tour.active) tour.stop(false);
      if (native) await consent(shared);
      else await load(shared);
      return;
    }
  } catch (error) {
    toast((error as Error).message, "bad");
  }
  if (location.hash === "#tour") return startTour(0);
  await restore();
}

setUpTheme();
setUpPanels();
setUpStatus();
setUpSplit();
byId("examples").addEventListener("click", () => void openGallery(app, (example) => void loadExample(example), () => void startTour(),
  () => void loadExample({ name: "", title: "New program", about: "", files: [{ path: "main.tn", text: BLANK }], rows: {} }))
  .catch((error: Error) => toast(error.message, "bad")));
byId("start-tour").addEventListener("click", () => void startTour());
byId("share").addEventListener("click", () => void share());
byId("format").addEventListener("click", () => void tools.format(editor).catch(() => toast("This text cannot be formatted: mend its errors first.", "bad")));
byId("actions").addEventListener("click", () => void tools.actions(editor));
addEventListener("hashchange", () => void begin());
byId<HTMLDialogElement>("dialog").addEventListener("click", (event) => {
  if (event.target === event.currentTarget) (event.currentTarget as HTMLDialogElement).close();
});

void begin().then(() => {
  document.body.classList.add("ready");
  performance.mark("tenon-ready");
}, (error: unknown) => {
  if (!(error instanceof Refused)) throw error;
  toast(error.message, "bad");
});

if (!native && "serviceWorker" in navigator) {
  void navigator.serviceWorker.register("sw.js").catch(() => undefined);
}

