// What the engine says, as types. The requests stand in playground/engine/src/protocol.rs.

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** A place in a file, in UTF-16 units, and the version of the text that it is a place in (see `App.ask`). */
export interface At { file: string; from: number; to: number; text: number }

export interface ProgramFile { path: string; text: string }

export interface Label { at: At; message: string }
export interface Fix { title: string; certain: boolean; edits: { at: At; text: string }[] }
export interface Problem {
  code: string;
  name: string;
  severity: "error" | "warning" | "hint";
  message: string;
  primary: Label;
  secondary: Label[];
  notes: string[];
  fixes: Fix[];
}

/** A shape of a value, as a form draws it. */
export interface Form {
  kind:
    | "bool" | "int" | "decimal" | "float" | "text" | "bytes" | "instant" | "datetime" | "date" | "time"
    | "duration" | "id" | "uuid" | "json" | "option" | "list" | "map" | "record" | "variant";
  name?: string;
  doc?: string;
  rules?: string[];
  scale?: number;
  min?: string;
  max?: string;
  minLength?: number | null;
  maxLength?: number | null;
  pattern?: string;
  /** Texts of JSON. */
  oneOf?: string[];
  of?: Form;
  keyForm?: Form;
  valueForm?: Form;
  fields?: Field[];
  bare?: boolean;
  cases?: { name: string; fields: Field[] }[];
}

export interface Field {
  name: string;
  form?: Form;
  presence?: "required" | "optional";
  /** A text of JSON. */
  default?: string;
  doc?: string;
  /** The relation whose row the value names. */
  ref?: string;
}

export interface Column extends Field {
  key: boolean;
  secret: boolean;
  generated: boolean;
  optional: boolean;
}

export interface Relation {
  name: string;
  event: boolean;
  count: number;
  insertable: boolean;
  editable: boolean;
  columns: Column[];
  at: At | null;
}

export interface Param extends Field {
  source: "path" | "query" | "header" | "cookie" | "body" | "whole";
  wire: string;
  media?: string;
  json?: boolean;
}

export interface Endpoint {
  index: number;
  name: string;
  kind: "query" | "handler";
  method: string;
  path: string;
  doc: string | null;
  status: number;
  live: boolean;
  params: Param[];
  at: At | null;
}

export interface Program {
  relations: Relation[];
  endpoints: Endpoint[];
  scenarios: { name: string; at: At | null }[];
}

export interface Opened {
  sound: boolean;
  problems: Problem[];
  leftOut: { relation: string; rows: number; why: string }[];
  refused: string | null;
  program?: Program;
}

/** A row: its key and its fields as texts of JSON, and what is to be read of each field. */
export interface Row { key: string; fields: { [name: string]: string }; texts: { [name: string]: string } }
export interface Rows { total: number; rows: Row[] }

export interface Answer {
  status: number;
  headers: [string, string][];
  body: string;
  log: string[];
  fault: { name: string; message: string; at: At | null } | null;
  endpoint: string | null;
}

export interface Report {
  name: string;
  passed: boolean;
  seed: number;
  at: At | null;
  broken: {
    at: At | null;
    message: string;
    text: string | null;
    parts: { text: string; value: string }[];
    cause: At | null;
  } | null;
}

export interface Operator {
  id: number;
  op: string;
  detail: string;
  estimated: number;
  site?: string;
  inputs: Operator[];
}
export interface Plan {
  query: string;
  params: string[];
  site: string | null;
  temps: { columns: string[]; root: Operator }[];
  root: Operator;
  here: boolean;
  text: string;
}
export interface Index {
  relation: string;
  index: number;
  kind: string;
  parts: { field: string; descending: boolean }[];
  hinted: boolean;
  reasons: { query: string; text: string; site: string | null }[];
}
export interface Explained {
  item: { kind: string; name: string } | null;
  plans?: Plan[];
  indexes?: Index[];
  refused?: string | null;
}

export interface Entity {
  id: string;
  name: string;
  kind: "relation" | "event" | "view";
  at: At;
  fields: { name: string; type: string; key: boolean; computed: boolean; target: string | null }[];
}
export interface Access { item: string; kind: string; at: At; entity: string; reads: boolean; writes: boolean }
export interface Schema {
  entities: Entity[];
  references: { from: string; field: string; to: string }[];
  accesses: Access[];
}

export interface Phases {
  item: string;
  tokens: { kind: string; class: string; text: string }[];
  tree: string;
  typed: string;
  core: string;
  missing: string | null;
}
