// Has a form keep numbers that JavaScript would write otherwise: digits in its fields, numbers in its expressions.

import { Numberfield } from "@bpmn-io/form-js-viewer";
import { h } from "preact";
import { digitsOf, eachSealed, exactly, isHeld, rounded, unsealed } from "./exact";

type Sanitize = (from: { value: unknown; formField: any; data?: unknown }) => unknown;
type Wrap = (sanitize: Sanitize) => Sanitize;

const LIMITS = ["min", "max", "increment"];

/** A form's schema: what may become a value stays exact, limits are compared by their digits. */
export const schemaFor = (schema: object) => eachSealed(schema, (digits, name) => {
  if (LIMITS.includes(name)) return digits;
  return (name === "value" || name === "defaultValue") && !isHeld(digits) ? exactly(digits) : Number(digits);
}) as object;

/** Teaches a form, before it is given a schema. */
export function keepNumbers(form: any) {
  const fields = form.get("formFields");
  const wrap = (wrapped: Wrap, types: string[]) => types.forEach((type) => {
    const { config, ...rest } = fields.get(type);
    const field = fields.get(type);
    fields.register(type, Object.assign((props: object) => h(field, props), rest, { config: { ...config, sanitizeValue: wrapped(config.sanitizeValue) } }));
  });
  wrap(asText, ["textfield", "textarea"]);
  wrap(asChoice, ["select", "radio", "checklist", "taglist"]);
  fields.register("number", ExactNumber);
  const validator = form.get("validator");
  const validate = validator.validateFieldInstance.bind(validator);
  validator.validateFieldInstance = (instance: unknown, value: unknown) => validate(instance, digitsOf(value) ?? value);
  handThrough(form.get("expressionLanguage"), "evaluate");
  handThrough(form.get("expressionLanguage"), "evaluateUnaryTest");
  handThrough(form.get("templating"), "evaluate");
}

const asText: Wrap = (sanitize) => (from) => sanitize({ ...from, value: digitsOf(from.value) ?? from.value });

/** A choice may be offered as 5 and stand in the data as 5.0. */
const asChoice: Wrap = (sanitize) => (from) => {
  const plain = eachSealed(from.value, (digits) => (isHeld(digits) ? Number(digits) : exactly(digits)));
  const known = from.formField.valuesExpression ? null : sanitize(from);
  return known === null || (Array.isArray(known) && known.length < (from.value as unknown[])?.length) ? sanitize({ ...from, value: plain }) : known;
};

/** Has a service compute with numbers, and hand through by their digits those that it only passes on. */
function handThrough(service: any, method: string) {
  const evaluate = service[method].bind(service);
  service[method] = (text: unknown, data: unknown = {}, ...rest: unknown[]) => {
    let some = false;
    const numbers = eachSealed(data, (digits) => { some = true; return Number(digits); });
    const computed = evaluate(text, numbers, ...rest);
    return some ? merged(evaluate(text, data, ...rest), computed) : computed;
  };
}

/** What a service was given twice, numbers computed and then by their digits, as it would have returned it. */
export function handed(values: unknown[]): unknown[] {
  const half = values.length / 2;
  const same = Number.isInteger(half) && values.slice(0, half).every((one, nth) => one === values[half + nth] || rounded(String(values[half + nth])) === one);
  return same ? values.slice(0, half).map((one, nth) => merged(values[half + nth], one)) : values;
}

function merged(handed: unknown, computed: unknown): unknown {
  const digits = digitsOf(handed);
  if (digits !== null && typeof computed === "number") return Number(digits) === computed && !isHeld(digits) ? handed : computed;
  if (typeof handed === "string" && typeof computed === "string") return rounded(handed) === computed ? unsealed(handed) : computed;
  if (Array.isArray(handed) && Array.isArray(computed)) return handed.length === computed.length ? computed.map((one, nth) => merged(handed[nth], one)) : computed;
  if (!isPlain(handed) || !isPlain(computed)) return computed;
  return Object.fromEntries(Object.entries(computed).map(([name, one]) => [name, merged(handed[name], one)]));
}

const isPlain = (value: unknown): value is Record<string, unknown> => value !== null && typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype;

/** A field for numbers that shows the digits there are, and gives back those that nobody changed. */
function ExactNumber(props: any) {
  const isText = props.field.serializeToString;
  const seal = ({ value, ...rest }: { value: unknown }) => props.onChange({ ...rest, value: typeof value === "string" && !isText ? exactly(value) : value });
  return h(Numberfield as any, { ...props, value: digitsOf(props.value) ?? props.value, onChange: seal });
}

const sanitizeTyped = Numberfield.config.sanitizeValue as unknown as Sanitize;

ExactNumber.config = {
  ...Numberfield.config,
  sanitizeValue: ((from) => {
    const digits = digitsOf(from.value);
    return digits === null ? sanitizeTyped(from) : from.formField.serializeToString ? digits : from.value;
  }) as Sanitize,
};

/** What was typed: a number where it is written as JavaScript does, else its digits. */
(Numberfield.config as { sanitizeValue: unknown }).sanitizeValue = ((from) =>
  typeof from.value === "string" && typeof exactly(from.value) === "string" ? from.value : sanitizeTyped(from)) as Sanitize;

/** What is filled in, each number written as it came; those that came from nowhere are written plainly where that is worth the same. */
export function asItCame(filled: unknown, data: unknown): unknown {
  const came = new Set<string>();
  eachSealed(data, (digits) => came.add(digits));
  const plain = eachSealed(filled, (digits) => (isHeld(digits) && !came.has(digits) ? Number(digits) : exactly(digits)));
  return inPlace(plain, data);
}

function inPlace(value: unknown, before: unknown): unknown {
  const digits = digitsOf(before);
  if (digits !== null) return typeof value === "number" && Number(digits) === value && isHeld(digits) ? before : value;
  if (Array.isArray(value) && Array.isArray(before)) return value.map((one, nth) => inPlace(one, before[nth]));
  if (!isPlain(value) || !isPlain(before)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, Object.hasOwn(before, name) ? inPlace(one, before[name]) : one]));
}
