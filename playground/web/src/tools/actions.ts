// Fixes and changes at the cursor, in a menu beside it: the keyboard opens it, walks it and leaves it.

import { LSPPlugin } from "@codemirror/lsp-client";
import { StateEffect, StateField } from "@codemirror/state";
import type { Extension } from "@codemirror/state";
import { EditorView, keymap, showTooltip } from "@codemirror/view";
import type { Tooltip, TooltipView } from "@codemirror/view";
import { h, icon, toast } from "../dom";
import { position } from "./positions";
import type { Edit } from "./positions";

interface Action { title: string; kind?: string; isPreferred?: boolean; edit?: { changes?: { [uri: string]: Edit[] } } }

/** Applies edits by the URIs of their files. */
export type Apply = (changes: { [uri: string]: Edit[] }) => void;

const setMenu = StateEffect.define<{ actions: Action[]; at: number; apply: Apply } | null>();

const menu = StateField.define<Tooltip | null>({
  create: () => null,
  update: (shown, transaction) => {
    for (const effect of transaction.effects) {
      if (!effect.is(setMenu)) continue;
      const { value } = effect;
      return value && { pos: value.at, above: false, strictSide: false, arrow: false, create: (view) => draw(view, value.actions, value.apply) };
    }
    // What it would do was found for the text and the place that it was opened at.
    return transaction.docChanged || transaction.selection ? null : shown;
  },
  provide: (field) => showTooltip.from(field),
});

function close(view: EditorView): void {
  if (view.state.field(menu, false)) view.dispatch({ effects: setMenu.of(null) });
}

/** Fixes come first, and of these what is surely meant. */
function rank({ kind = "", isPreferred }: Action): number {
  return kind.startsWith("quickfix") ? (isPreferred ? 0 : 1) : kind.startsWith("source") ? 3 : 2;
}

function draw(view: EditorView, actions: Action[], apply: Apply): TooltipView {
  const choose = (action: Action): void => {
    close(view);
    view.focus();
    apply(action.edit?.changes ?? {});
  };
  const buttons = actions.map((action) => h("button", { type: "button", role: "menuitem", tabindex: -1, onclick: () => choose(action) },
    icon(rank(action) < 2 ? "wand" : "next"), action.title));
  const dom = h("div", { class: "cm-actions", role: "menu", "aria-label": "Fixes and changes" }, buttons);
  dom.addEventListener("keydown", (event) => {
    const here = buttons.indexOf(dom.getRootNode() instanceof ShadowRoot
      ? (dom.getRootNode() as ShadowRoot).activeElement as HTMLButtonElement : document.activeElement as HTMLButtonElement);
    const to: { [key: string]: number } = { ArrowDown: here + 1, ArrowUp: here - 1 + buttons.length, Home: 0, End: buttons.length - 1 };
    const next = to[event.key];
    if (next !== undefined) buttons[next % buttons.length]?.focus();
    else if (event.key === "Escape" || event.key === "Tab") { close(view); view.focus(); } else return;
    event.preventDefault();
    event.stopPropagation();
  });
  dom.addEventListener("focusout", (event) => {
    if (!dom.contains(event.relatedTarget as Node | null)) close(view);
  });
  return { dom, mount: () => buttons[0]?.focus() };
}

/** Asks what can be done at the selection, and shows it. */
export async function openActions(view: EditorView, apply: Apply): Promise<void> {
  const plugin = LSPPlugin.get(view);
  if (!plugin) return;
  const { client, uri } = plugin;
  const { doc, selection: { main } } = view.state;
  const { state } = view;
  let found: Action[];
  try {
    await client.initializing;
    client.sync();
    found = await client.request<object, Action[] | null>("textDocument/codeAction", {
      textDocument: { uri }, range: { start: position(doc, main.from), end: position(doc, main.to) }, context: { diagnostics: [] },
    }) ?? [];
  } catch (error) {
    return toast((error as Error).message, "bad");
  }
  if (view.state.doc !== state.doc || !view.state.selection.eq(state.selection)) return;
  const actions = found.filter((action) => action.edit !== undefined)
    .map((action, index) => ({ action, index }))
    .sort((a, b) => rank(a.action) - rank(b.action) || a.index - b.index)
    .map(({ action }) => action);
  if (actions.length === 0) return toast("There is nothing to fix or to change here.");
  view.dispatch({ effects: [setMenu.of({ actions, at: main.head, apply }), EditorView.scrollIntoView(main.head)] });
}

const theme = EditorView.theme({
  ".cm-actions": { display: "grid", padding: "0.25rem", maxHeight: "min(20rem, 50vh)", overflowY: "auto" },
  ".cm-actions button": {
    display: "flex", alignItems: "center", gap: "0.5rem", textAlign: "start", font: "inherit", color: "inherit", background: "none",
    border: "none", borderRadius: "var(--radius)", padding: "0.35rem 0.6rem", cursor: "pointer",
  },
  ".cm-actions button:hover": { backgroundColor: "var(--sunken)" },
  ".cm-actions button:focus": { backgroundColor: "var(--accent-wash)", outline: "2px solid var(--focus)", outlineOffset: "-2px" },
  ".cm-actions svg": {
    width: "0.95rem", height: "0.95rem", flex: "none", fill: "none", stroke: "var(--accent)", strokeWidth: "1.4",
    strokeLinecap: "round", strokeLinejoin: "round",
  },
});

/** The menu, and the keys that open it. */
export function codeActions(apply: Apply): { clientCapabilities: object; editorExtension: Extension } {
  const open = (view: EditorView): boolean => {
    void openActions(view, apply);
    return true;
  };
  return {
    clientCapabilities: {
      textDocument: { codeAction: { codeActionLiteralSupport: { codeActionKind: { valueSet: ["quickfix", "refactor", "source"] } }, isPreferredSupport: true } },
    },
    editorExtension: [menu, theme, keymap.of([{ key: "Mod-.", run: open }, { key: "Alt-Enter", run: open }])],
  };
}
