// A response of a program as people read it: the problem document of an error, the fault behind a 500, or the body.

import { h, icon } from "../dom";
import type { App } from "../app";
import { indented, parts, plain, values } from "../json";
import type { Answer } from "../protocol";

interface ProblemDocument {
  type?: string;
  title?: string;
  status?: number;
  detail?: string;
  errors?: { pointer?: string; parameter?: string; in?: string; code: string; detail: string }[];
  [member: string]: unknown;
}

/** The problem document of a response, if it is one. */
export function problemOf(answer: Answer): ProblemDocument | undefined {
  const media = answer.headers.find(([name]) => name === "content-type")?.[1] ?? "";
  if (!media.startsWith("application/problem+json")) return undefined;
  try {
    return JSON.parse(answer.body) as ProblemDocument;
  } catch {
    return undefined;
  }
}

/** Where each problem of a refused request lies, for a form. */
export function places(problem: ProblemDocument): { place: string; detail: string }[] {
  return (problem.errors ?? []).map(({ pointer, parameter, detail }) => ({ place: parameter ?? pointer ?? "", detail }));
}

/** One sentence for a table that could not be changed. */
export function sentence(answer: Answer): string {
  if (answer.fault) return `${answer.fault.name}: ${answer.fault.message}`;
  const problem = problemOf(answer);
  const all = places(problem ?? {}).map(({ place, detail }) => `${place.replace(/^\/(row|set)\/?/, "")} ${detail}`.trim());
  return all.length > 0 ? all.join("; ") : problem?.detail ?? `status ${answer.status}`;
}

/** JSON with colours, as an element. */
export function json(text: string): HTMLElement {
  const parts = indented(text).split(/("(?:[^"\\]|\\.)*"(?:\s*:)?|\b(?:true|false|null)\b|-?\d[\d.eE+-]*)/);
  if (!isJson(text)) return h("pre", { class: "code", tabindex: 0 }, text);
  return h("pre", { class: "code", tabindex: 0 }, parts.map((part, index) => {
    if (index % 2 === 0) return part;
    const kind = part.endsWith(":") ? "name" : part.startsWith('"') ? "text" : "number";
    return h("span", { class: kind }, part);
  }));
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** A table of the objects of a list, or nothing where the body is no such list. */
export function tableOf(text: string): HTMLElement | undefined {
  if (!text.trimStart().startsWith("[") || !isJson(text)) return undefined;
  const list = values(text);
  if (list.length === 0 || !list.every((row) => row.startsWith("{"))) return undefined;
  const rows = list.map((row) => new Map(parts(row).map(({ name, value }) => [name!, value])));
  const names = [...new Set(rows.flatMap((row) => [...row.keys()]))];
  const cell = (json: string | undefined): HTMLElement => h("td", { class: json !== undefined && /^[-\d]/.test(json) ? "number" : null },
    json === undefined || json === "null" ? "" : plain(json));
  return h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Answer" }, h("table", {},
    h("thead", {}, h("tr", {}, names.map((name) => h("th", { scope: "col" }, name)))),
    h("tbody", {}, rows.slice(0, 200).map((row) => h("tr", {}, names.map((name) => cell(row.get(name))))))));
}

/** What went wrong, with everything that the program says about it. */
export function problemCard(app: App, answer: Answer, problem: ProblemDocument): HTMLElement {
  const own = parts(answer.body).filter(({ name }) => !["type", "title", "status", "detail", "errors", "incident"].includes(name ?? ""));
  const name = problem.type?.startsWith("urn:tenon:error:") ? problem.type.slice("urn:tenon:error:".length) : undefined;
  const fault = answer.fault;
  return h("div", { class: "problem" },
    h("p", { class: "title" }, icon("warn"), name ?? problem.title ?? "Problem"),
    h("p", { class: "detail" }, problem.detail ?? ""),
    own.length > 0 && h("dl", {}, own.map(({ name, value }) => [h("dt", {}, name), h("dd", {}, value)])),
    (problem.errors ?? []).length > 0 && h("ul", {}, problem.errors!.map(({ pointer, parameter, detail }) =>
      h("li", {}, h("code", {}, parameter ?? (pointer === "" ? "body" : pointer ?? "")), " ", detail))),
    fault && h("p", { class: "fault" }, "Only the operator's log says why: ", h("strong", {}, fault.name), `, ${fault.message}. `,
      fault.at && h("button", { class: "link", onclick: () => app.jump(fault.at!) }, "Show where")),
  );
}
