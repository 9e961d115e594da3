// Decorations that the language server gives for the whole text: asked for when a file is shown and when typing pauses. What
// is shown moves with the text until the next answer comes.

import { LSPPlugin } from "@codemirror/lsp-client";
import { StateEffect, StateField } from "@codemirror/state";
import type { Extension, Text } from "@codemirror/state";
import { Decoration, EditorView, ViewPlugin } from "@codemirror/view";
import type { DecorationSet, PluginValue, ViewUpdate } from "@codemirror/view";

/** A pause in typing, in milliseconds, after which is asked. */
const PAUSE = 250;

/** Asks with `method` and draws what `draw` makes of the answer; `more` goes with the document. */
export function decorated<Answer>(
  method: string, more: (doc: Text) => object, draw: (answer: Answer, doc: Text, plugin: LSPPlugin) => DecorationSet,
): Extension {
  const set = StateEffect.define<DecorationSet>();
  const field = StateField.define<DecorationSet>({
    create: () => Decoration.none,
    update: (shown, transaction) => {
      for (const effect of transaction.effects) if (effect.is(set)) return effect.value;
      return shown.map(transaction.changes);
    },
    provide: (field) => EditorView.decorations.from(field),
  });

  class Asking implements PluginValue {
    private timer: ReturnType<typeof setTimeout> | undefined;
    private over = false;

    constructor(private readonly view: EditorView) {
      this.soon(0);
    }

    update(update: ViewUpdate): void {
      if (update.docChanged) this.soon(PAUSE);
    }

    destroy(): void {
      this.over = true;
      clearTimeout(this.timer);
    }

    private soon(pause: number): void {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => void this.ask(), pause);
    }

    private async ask(): Promise<void> {
      const plugin = LSPPlugin.get(this.view);
      if (!plugin) return;
      const { client, uri } = plugin;
      const { doc } = this.view.state;
      let answer: Answer | null;
      try {
        await client.initializing;
        client.sync();
        answer = await client.request<object, Answer | null>(method, { textDocument: { uri }, ...more(doc) });
      } catch {
        // A server that ends is replaced, and the next change asks it.
        return;
      }
      // An answer about an older text is none: the change since asks again.
      if (this.over || answer === null || this.view.state.doc !== doc) return;
      this.view.dispatch({ effects: set.of(draw(answer, doc, plugin)) });
    }
  }
  return [field, ViewPlugin.fromClass(Asking)];
}
