// The gallery of examples.

import { byId, fill, h, icon } from "./dom";
import type { App } from "./app";
import type { ProgramFile } from "./protocol";

export interface Example {
  name: string;
  title: string;
  about: string;
  files: ProgramFile[];
  rows: { [relation: string]: object[] };
}

export async function examples(app: App): Promise<Example[]> {
  return app.engine.ask<Example[]>("examples");
}

export async function openGallery(app: App, load: (example: Example) => void, tour: () => void, blank: () => void): Promise<void> {
  const all = await examples(app);
  const dialog = byId<HTMLDialogElement>("dialog");
  const card = (title: string, about: string, go: () => void, kind = ""): HTMLElement =>
    h("button", { class: `card ${kind}`, onclick: () => { dialog.close(); go(); } }, h("strong", {}, title), h("span", {}, about));
  fill(dialog, h("div", { class: "dialog gallery" },
    h("header", {}, h("h2", {}, "Examples"),
      h("button", { class: "plain", "aria-label": "Close", onclick: () => dialog.close() }, icon("close"))),
    h("div", { class: "cards" },
      card("Take the tour", "Twenty short steps, from one table to a service with rules and scenarios.", tour, "accent"),
      all.map((example) => card(example.title, example.about, () => load(example))),
      card("Empty program", "Begin from nothing.", blank))));
  dialog.showModal();
}
