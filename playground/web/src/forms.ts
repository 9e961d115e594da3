// Forms from shapes. A form takes and yields JSON as text, so that numbers keep all their digits, and leaves judging values
// to the program: what does not fit comes back as a problem that names the place.

import { fill, h, icon } from "./dom";
import { indented, isNested, object, parts, plain, values } from "./json";
import type { Field, Form } from "./protocol";

/** A part of a form. */
export interface Input {
  element: HTMLElement;
  /** The value as JSON text; `undefined` where nothing is given. */
  json(): string | undefined;
  set(json: string): void;
}

/** The keys of a relation, each as JSON, for fields that name its rows. */
export type Keys = (relation: string) => Promise<string[]>;

let ids = 0;
const nextId = (): string => `f${++ids}`;

/** Whether a value of the shape fits in one line. */
export function isScalar(form: Form | undefined): boolean {
  return form !== undefined && !["record", "list", "map", "json", "option"].includes(form.kind)
    && (form.kind !== "variant" || form.bare === true);
}

/** The shape in a few words. */
export function describe(form: Form | undefined): string {
  if (!form) return "";
  if (form.name) return form.name;
  switch (form.kind) {
    case "int": return "Int";
    case "decimal": return `Decimal(${form.scale})`;
    case "datetime": return "DateTime";
    case "option": return `${describe(form.of)}?`;
    case "list": return `[${describe(form.of)}]`;
    case "map": return `Map[${describe(form.keyForm)}, ${describe(form.valueForm)}]`;
    case "record": return "record";
    case "variant": return (form.cases ?? []).map((c) => c.name).join(" | ");
    default: return form.kind[0]!.toUpperCase() + form.kind.slice(1);
  }
}

/** The rules of a shape in a few words. */
export function rules(form: Form | undefined): string {
  if (!form) return "";
  const out: string[] = [];
  if (form.min !== undefined && form.max !== undefined) out.push(`${form.min} to ${form.max}`);
  else if (form.min !== undefined) out.push(`at least ${form.min}`);
  else if (form.max !== undefined) out.push(`at most ${form.max}`);
  const { minLength: least, maxLength: most } = form;
  const unit = form.kind === "list" ? "elements" : "characters";
  if (least != null && most != null) out.push(least === most ? `${least} ${unit}` : `${least} to ${most} ${unit}`);
  else if (least != null) out.push(`at least ${least} ${unit}`);
  else if (most != null) out.push(`at most ${most} ${unit}`);
  if (form.pattern) out.push(`like ${form.pattern}`);
  out.push(...(form.rules ?? []));
  return out.join(", ");
}

const EXAMPLES: { [kind: string]: string } = {
  instant: "2026-11-20T10:00:00Z", datetime: "2026-11-20T10:00:00", date: "2026-11-20", time: "08:00",
  duration: "PT30M", id: "018f2b6e-…", uuid: "018f2b6e-…", decimal: "0.00", bytes: "base64", int: "0", float: "0.5",
};

function line(form: Form, label: string, id: string): Input {
  const numeric = form.kind === "int" || form.kind === "decimal" || form.kind === "float";
  const long = form.kind === "text" && (form.maxLength ?? 0) > 120;
  const common = { id, "aria-label": label, placeholder: EXAMPLES[form.kind] ?? null, autocomplete: "off", spellcheck: "false" };
  const element = long
    ? h("textarea", { ...common, rows: 3 })
    : h("input", {
      ...common, type: form.kind === "date" ? "date" : "text",
      inputmode: form.kind === "int" ? "numeric" : numeric ? "decimal" : null,
    });
  return {
    element,
    json: () => {
      const text = element.value;
      if (form.kind === "text") return JSON.stringify(text);
      const trimmed = text.trim();
      if (trimmed === "") return undefined;
      // A number that is not one goes as it is: the program says what is wrong with it.
      if (form.kind === "int" && /^-?\d+$/.test(trimmed)) return trimmed.replace(/^(-?)0+(?=\d)/, "$1");
      if (form.kind === "float" && /^-?\d+(\.\d+)?(e[-+]?\d+)?$/i.test(trimmed)) return trimmed;
      return JSON.stringify(trimmed);
    },
    set: (json) => { element.value = json === "null" ? "" : plain(json); },
  };
}

function choice(values: [label: string, json: string][], label: string, id: string): Input {
  const element = h("select", { id, "aria-label": label }, values.map(([text, json]) => h("option", { value: json }, text)));
  return {
    element,
    json: () => element.value,
    set: (json) => { element.value = json; },
  };
}

/** A key of one part or of several, to be read. */
function shown(key: string): string {
  return isNested(key) ? values(key).map(shown).join(", ") : plain(key);
}

function reference(form: Form, relation: string, label: string, id: string, keys: Keys): Input {
  // Keys of several parts are chosen from a list; single ones may be typed as well.
  const list = h("datalist", { id: `${id}-keys` });
  if (isScalar(form)) {
    const inner = line(form, label, id);
    inner.element.setAttribute("list", `${id}-keys`);
    inner.element.setAttribute("placeholder", `key of a ${relation}`);
    const load = (): void => void keys(relation).then((all) => {
      fill(list, all.map((key) => h("option", { value: plain(key) })));
    });
    load();
    inner.element.addEventListener("focus", load);
    return { ...inner, element: h("div", { class: "line" }, inner.element, list) };
  }
  const select = h("select", { id, "aria-label": label });
  const load = async (): Promise<void> => {
    const all = await keys(relation);
    const chosen = select.value;
    fill(select, h("option", { value: "" }, `choose a ${relation}`),
      all.map((key) => h("option", { value: key }, shown(key))));
    select.value = chosen;
  };
  void load();
  select.addEventListener("focus", () => void load());
  return {
    element: select,
    json: () => select.value === "" ? undefined : select.value,
    set: (json) => {
      if (![...select.options].some((option) => option.value === json)) select.append(h("option", { value: json }, shown(json)));
      select.value = json;
    },
  };
}

function raw(label: string, id: string): Input {
  const element = h("textarea", { id, "aria-label": label, rows: 3, class: "code", spellcheck: "false", placeholder: "JSON" });
  return {
    element,
    json: () => element.value.trim() === "" ? undefined : element.value,
    set: (json) => { element.value = indented(json); },
  };
}

function list(form: Form, label: string, keys: Keys): Input {
  let inputs: Input[] = [];
  const rows = h("div", { class: "items" });
  const add = (json?: string): void => {
    const input = build(form.of!, `${label} ${inputs.length + 1}`, nextId(), keys);
    if (json !== undefined) input.set(json);
    inputs.push(input);
    const row = h("div", { class: "item" }, input.element, h("button", {
      type: "button", class: "plain", "aria-label": `Remove ${label} ${inputs.length}`,
      onclick: () => { inputs = inputs.filter((other) => other !== input); row.remove(); },
    }, icon("close")));
    rows.append(row);
  };
  const element = h("div", { class: "list", role: "group", "aria-label": label }, rows,
    h("button", { type: "button", class: "small", onclick: () => add() }, icon("plus"), "Add one"));
  for (let n = 0; n < (form.minLength ?? 0) && n < 3; n++) add();
  return {
    element,
    json: () => `[${inputs.map((input) => input.json() ?? "null").join(",")}]`,
    set: (json) => {
      inputs = [];
      rows.replaceChildren();
      if (json.startsWith("[")) values(json).forEach((item) => add(item));
    },
  };
}

function map(form: Form, label: string, keys: Keys): Input {
  const byText = ["text", "id", "uuid"].includes(form.keyForm?.kind ?? "");
  const pair: Form = { kind: "record", fields: [
    { name: "key", form: form.keyForm!, presence: "required" }, { name: "value", form: form.valueForm!, presence: "required" },
  ] };
  const inner = list({ kind: "list", of: pair }, label, keys);
  return {
    element: inner.element,
    json: () => {
      const pairs = values(inner.json() ?? "[]").map((pair) => new Map(parts(pair).map(({ name, value }) => [name, value])));
      const of = (pair: (typeof pairs)[number], name: string): string => pair.get(name) ?? "null";
      return byText
        ? object(pairs.map((pair) => [plain(pair.get("key") ?? '""'), of(pair, "value")]))
        : `[${pairs.map((pair) => `[${of(pair, "key")},${of(pair, "value")}]`).join(",")}]`;
    },
    set: (json) => {
      const pair = (key: string, value: string): string => object([["key", key], ["value", value]]);
      const pairs = json.startsWith("{")
        ? parts(json).map(({ name, value }) => pair(JSON.stringify(name), value))
        : json.startsWith("[") ? values(json).map(values).map(([key, value]) => pair(key ?? "null", value ?? "null")) : [];
      inner.set(`[${pairs.join(",")}]`);
    },
  };
}

function variant(form: Form, label: string, id: string, keys: Keys): Input {
  const cases = form.cases ?? [];
  if (form.bare) return choice(cases.map((c) => [c.name, JSON.stringify(c.name)]), label, id);
  const select = h("select", { id, "aria-label": label }, cases.map((c) => h("option", { value: c.name }, c.name)));
  const place = h("div");
  let record: Fields | undefined;
  const pick = (): void => {
    record = fields(cases.find((c) => c.name === select.value)?.fields ?? [], keys);
    fill(place, record.element);
  };
  select.addEventListener("change", pick);
  pick();
  return {
    element: h("div", { class: "variant" }, select, place),
    json: () => {
      const inner = record!.json().slice(1, -1);
      return `{"type":${JSON.stringify(select.value)}${inner === "" ? "" : `,${inner}`}}`;
    },
    set: (json) => {
      const members = json.startsWith("{") ? parts(json) : [];
      const type = members.find(({ name }) => name === "type");
      if (type) select.value = plain(type.value);
      pick();
      record!.set(object(members.filter((member) => member !== type).map(({ name, value }) => [name!, value])));
    },
  };
}

function build(form: Form, label: string, id: string, keys: Keys, ref?: string): Input {
  if (ref !== undefined) return reference(form, ref, label, id, keys);
  if (form.oneOf) return choice(form.oneOf.map((json) => [plain(json), json]), label, id);
  switch (form.kind) {
    case "bool": return choice([["false", "false"], ["true", "true"]], label, id);
    case "json": return raw(label, id);
    case "list": return list(form, label, keys);
    case "map": return map(form, label, keys);
    case "variant": return variant(form, label, id, keys);
    case "record": {
      const inner = fields(form.fields ?? [], keys);
      return { element: inner.element, json: inner.json, set: (json) => inner.set(json) };
    }
    case "option": return optional(form.of!, label, id, keys, "none", "null");
    default: return line(form, label, id);
  }
}

/** A value that may be missing: given where its box is ticked. */
function optional(form: Form, label: string, id: string, keys: Keys, without: string, missing?: string, ref?: string): Input {
  const inner = build(form, label, id, keys, ref);
  const box = h("input", { type: "checkbox", "aria-label": `Give ${label}` });
  const none = h("span", { class: "without" }, without);
  const show = (): void => {
    inner.element.hidden = !box.checked;
    none.hidden = box.checked;
  };
  box.addEventListener("change", () => {
    show();
    if (box.checked) (inner.element.matches("input, select, textarea") ? inner.element : inner.element.querySelector<HTMLElement>("input, select, textarea"))?.focus();
  });
  show();
  return {
    element: h("div", { class: "optional" }, box, none, inner.element),
    json: () => box.checked ? inner.json() ?? missing : missing,
    set: (json) => {
      box.checked = json !== "null";
      if (box.checked) inner.set(json);
      show();
    },
  };
}

export interface Fields {
  element: HTMLElement;
  inputs: Map<string, Input>;
  /** A JSON object of what is given. */
  json(): string;
  /** Takes a JSON object; what it does not name stays as it is. */
  set(json: string): void;
  /** Shows problems beside the fields they are about, by the first step of their pointers; answers the others. */
  blame(problems: { place: string; detail: string }[]): { place: string; detail: string }[];
}

/** A form for several fields, one under the other. */
export function fields(list: Field[], keys: Keys): Fields {
  const inputs = new Map<string, Input>();
  const complaints = new Map<string, HTMLElement>();
  const element = h("div", { class: "fields" });
  for (const field of list) {
    const id = nextId();
    const form = field.form ?? { kind: "json" };
    const nullable = form.kind === "option";
    const input = field.presence === "optional"
      ? optional(nullable ? form.of! : form, field.name, id, keys,
        field.default !== undefined ? `${field.default} if not given` : "not given", undefined, field.ref)
      : nullable && field.ref !== undefined
        ? optional(form.of!, field.name, id, keys, "none", "null", field.ref)
        : build(form, field.name, id, keys, field.ref);
    const complaint = h("p", { class: "complaint", hidden: true, role: "alert" });
    const hint = rules(form.kind === "option" ? form.of : form);
    element.append(h("div", { class: "field" },
      h("label", { for: id }, h("span", { class: "name" }, field.name),
        h("span", { class: "type" }, field.ref ?? describe(form))),
      input.element,
      hint && h("p", { class: "hint" }, hint),
      field.doc && h("p", { class: "hint" }, field.doc),
      complaint));
    inputs.set(field.name, input);
    complaints.set(field.name, complaint);
  }
  return {
    element,
    inputs,
    json: () => object([...inputs].flatMap(([name, input]): [string, string][] => {
      const json = input.json();
      return json === undefined ? [] : [[name, json]];
    })),
    set: (json) => {
      for (const { name, value } of json.startsWith("{") ? parts(json) : []) inputs.get(name!)?.set(value);
    },
    blame: (problems) => {
      for (const complaint of complaints.values()) { complaint.hidden = true; complaint.textContent = ""; }
      return problems.filter(({ place, detail }) => {
        const complaint = complaints.get(place.split("/").filter((step) => step !== "")[0] ?? "");
        if (!complaint) return true;
        complaint.append(complaint.textContent === "" ? detail : `; ${detail}`);
        complaint.hidden = false;
        return false;
      });
    },
  };
}
