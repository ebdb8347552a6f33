// JSON that is returned as it came: a number that JavaScript would write otherwise is kept as its digits, between seals.

/** Text that no one can have typed, and that nobody sees where it is shown: it marks digits as a number. */
const SEAL = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => String.fromCharCode(0x2061 + (byte & 3))).join("");
const SEALS = new RegExp(SEAL, "g");
const SEALED = new RegExp(`${SEAL}(-?[0-9][-+.0-9eE]*)${SEAL}`, "g");
const WRITTEN = new RegExp(`"${SEAL}(-?[0-9][-+.0-9eE]*)${SEAL}"`, "g");
const NUMBERS = /-?\d[-+.\deE]*/g;
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?$/;

/** The digits of a number as JSON has it: itself where JavaScript holds and writes it so, else sealed. */
export function exactly(digits: string): number | string {
  const number = Number(digits);
  return String(number) === digits || !NUMBER.test(digits) ? number : SEAL + digits + SEAL;
}

/** The digits of a sealed number; nothing for any other value. */
export function digitsOf(value: unknown): string | null {
  if (typeof value !== "string" || !value.startsWith(SEAL)) return null;
  const digits = value.slice(SEAL.length, -SEAL.length);
  return NUMBER.test(digits) ? digits : null;
}

/** Whether a number of JavaScript is worth what the digits say; it may still be written otherwise, as 9.5 for 9.50. */
export function isHeld(digits: string): boolean {
  const number = Number(digits);
  return Number.isFinite(number) && worth(String(number)) === worth(digits);
}

function worth(digits: string): string {
  const [, sign, whole, part = "", exponent = "0"] = /^(-?)(\d+)(?:\.(\d+))?(?:e([-+]?\d+))?$/i.exec(digits)!;
  const all = (whole + part).replace(/^0+/, "");
  const short = all.replace(/0+$/, "");
  return short && `${sign}${short}e${Number(exponent) - part.length + all.length - short.length}`;
}

/** A text without seals, as people read it. */
export const unsealed = (text: string): string => (text.includes(SEAL) ? text.replace(SEALS, "") : text);

/** A text as it would be if JavaScript had rounded the numbers in it. */
export const rounded = (text: string): string => text.replace(SEALED, (_, digits: string) => String(Number(digits)));

/** Puts something else in the place of each sealed number, however deep. */
export function eachSealed(value: unknown, change: (digits: string, name: string) => unknown, name = ""): unknown {
  const digits = digitsOf(value);
  if (digits !== null) return change(digits, name);
  if (Array.isArray(value)) return value.map((one) => eachSealed(one, change, name));
  if (value === null || typeof value !== "object" || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, eachSealed(one, change, key)]));
}

/** Reads JSON; throws a `SyntaxError` when it is none. */
export function readJson(text: string): any {
  const plain = JSON.parse(text);
  const sealed = sealNumbers(text);
  return sealed === text ? plain : JSON.parse(sealed);
}

/** Writes JSON, each sealed number as it came. */
export const writeJson = (value: unknown, space?: number): string => JSON.stringify(value, null, space)?.replace(WRITTEN, "$1");

function sealNumbers(text: string): string {
  const made: string[] = [];
  for (let at = 0; at < text.length;) {
    const quote = text.indexOf('"', at);
    const begin = quote < 0 ? text.length : quote;
    made.push(text.slice(at, begin).replace(NUMBERS, (digits) => (typeof exactly(digits) === "number" ? digits : JSON.stringify(exactly(digits)))));
    at = quote < 0 ? begin : endOfText(text, quote);
    made.push(text.slice(begin, at));
  }
  return made.join("");
}

/** Where a text that begins at a quote is over. */
function endOfText(text: string, quote: number): number {
  for (let at = quote; ;) {
    at = text.indexOf('"', at + 1);
    let escapes = 0;
    while (text[at - 1 - escapes] === "\\") escapes++;
    if (escapes % 2 === 0) return at + 1;
  }
}
