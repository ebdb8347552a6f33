// Makes a Camunda Form of a JSON Schema, so that a process without a start form has one to fill in.

import { unsealed } from "./exact";
import { humanize } from "./words";

interface Schema {
  type?: string; title?: string; description?: string; enum?: unknown[]; default?: unknown; examples?: unknown[];
  properties?: Record<string, Schema>; required?: string[]; pattern?: string; format?: string;
  minLength?: number; maxLength?: number; minimum?: number; maximum?: number; exclusiveMinimum?: number;
}

/** Returns a form, or nothing when the schema holds what a form cannot ask for. */
export function formOf(schema: Schema | null): object | null {
  const components = schema && fieldsOf(schema, "");
  return components?.length ? { type: "default", id: "start", schemaVersion: 18, components } : null;
}

function fieldsOf(schema: Schema, path: string): object[] | null {
  const made: object[] = [];
  const required = schema.required ?? [];
  const place = (name: string) => (required.indexOf(name) + required.length + 1) % (required.length + 1); // what must be given comes first
  const ordered = Object.entries(schema.properties ?? {}).sort(([a], [b]) => place(a) - place(b));
  for (const [name, one] of ordered) {
    const component = field(one, path + name, required.includes(name));
    if (!component) return null;
    made.push(component);
  }
  return made;
}

function field(schema: Schema, key: string, required: boolean): object | null {
  const name = key.split(".").pop()!;
  const base = { id: `start_${key.replace(/\W/g, "_")}`, label: schema.title ?? humanize(name) };
  const described = schema.description ? { description: schema.description } : {};
  if (schema.enum) return { ...base, ...described, key, type: "select", values: schema.enum.map((value) => ({ label: unsealed(String(value)), value })), validate: { required } };
  switch (schema.type) {
    case "object": {
      const components = schema.properties ? fieldsOf(schema, `${key}.`) : null;
      return components && { ...base, type: "group", showOutline: true, components };
    }
    case "string": return { ...base, ...described, key, type: "textfield", validate: textRules(schema, required) };
    case "number":
    case "integer": return { ...base, ...described, key, type: "number", ...(schema.type === "integer" ? { decimalDigits: 0 } : {}), validate: numberRules(schema, required) };
    case "boolean": return { ...base, ...described, key, type: "checkbox" };
    default: return null;
  }
}

function textRules({ pattern, format, minLength, maxLength }: Schema, required: boolean) {
  const type = format === "email" ? { validationType: "email" } : pattern ? { validationType: "custom", pattern } : {};
  return { required, ...type, ...(minLength ? { minLength } : {}), ...(maxLength ? { maxLength } : {}) };
}

function numberRules({ minimum, maximum, exclusiveMinimum }: Schema, required: boolean) {
  const least = minimum ?? exclusiveMinimum;
  return { required, ...(least === undefined ? {} : { min: least }), ...(maximum === undefined ? {} : { max: maximum }) };
}

/** Leaves out what was not filled in: an empty field is no value. */
export function filledIn(value: unknown): unknown {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
  const kept = Object.entries(value).map(([key, one]) => [key, filledIn(one)] as const).filter(([, one]) => one !== "" && one !== null && one !== undefined);
  return Object.fromEntries(kept);
}
