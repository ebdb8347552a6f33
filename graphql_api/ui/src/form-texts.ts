// Texts of a form: markdown and HTML are its author's, values are text; links open apart and say where they lead.

import { Html, MarkdownRenderer, sanitizeHTML, Text as TextView, useTemplateEvaluation } from "@bpmn-io/form-js-viewer";
import { h } from "preact";
import { handed } from "./form-numbers";

/** A word that stands for a value while its surroundings are read; nobody who sends values can guess it. */
const word = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, "0")).join("");
const PLACE = new RegExp(`v${word}n(\\d+)v`, "g");
/** How far an address must be the author's, so that no value can say where it leads. */
const AUTHORED = /^(?:https?:\/\/[^/?#\s]+[/?#]|mailto:|tel:|\/(?![/\\])|[#?])/i;
const ADDRESSES = ["href", "src"];
const SPOKEN = ["alt", "title"];

/** Teaches a form, before it is given a schema. */
export function keepTexts(form: any) {
  const fields = form.get("formFields");
  fields.register("text", Object.assign(PlainValues, { config: TextView.config }));
  fields.register("html", Object.assign(PlainValuesInHtml, { config: Html.config }));
}

function PlainValues({ field }: any) {
  const { text, values } = useWords(field.text ?? "", field.strict);
  const html = filled(sanitizeHTML(new MarkdownRenderer().render(text)), values);
  return h("div", { class: "fjs-form-field fjs-form-field-text", dangerouslySetInnerHTML: { __html: html } });
}

function PlainValuesInHtml(props: any) {
  const { text, values } = useWords(props.field.content ?? "", props.field.strict);
  // what comes out is no template again, whatever the values are
  const content = filled(text, values).replaceAll("{{", "{&#123;").replace(/^=/, "&#61;");
  return h(Html as any, { ...props, field: { ...props.field, content } });
}

/** Evaluates a template to the author's text, with a word in the place of each value. */
function useWords(template: string, strict = false) {
  const values: unknown[] = [];
  const sanitizer = (value: unknown) => `v${word}n${values.push(value) - 1}v`;
  const text = String(useTemplateEvaluation(template, { debug: true, strict, sanitizer } as object) ?? "");
  return { text, values: handed(values).map((value) => (value === null || value === undefined ? "" : String(value))) };
}

/** Puts values in the places of their words: in texts as text, in addresses encoded, and in nothing else. */
export function filled(html: string, values: readonly string[]): string {
  const { body } = new DOMParser().parseFromString(`<!DOCTYPE html><body>${html}`, "text/html");
  const value = (nth: string) => values[Number(nth)] ?? "";
  for (const element of body.querySelectorAll("*")) {
    for (const { name, value: written } of [...element.attributes]) {
      if (written.search(PLACE) < 0 && name.search(PLACE) < 0) continue;
      const before = written.slice(0, written.search(PLACE));
      if (ADDRESSES.includes(name) && AUTHORED.test(before)) element.setAttribute(name, written.replace(PLACE, (_, nth) => encodeURIComponent(value(nth))));
      else if (SPOKEN.includes(name)) element.setAttribute(name, written.replace(PLACE, (_, nth) => value(nth)));
      else element.removeAttribute(name);
    }
  }
  const texts = document.createTreeWalker(body, NodeFilter.SHOW_TEXT);
  const found: Node[] = [];
  while (texts.nextNode()) if (texts.currentNode.nodeValue!.search(PLACE) >= 0) found.push(texts.currentNode);
  for (const text of found) {
    const lines = text.nodeValue!.replace(PLACE, (_, nth) => value(nth)).split(/\r?\n/);
    (text as ChildNode).replaceWith(...lines.flatMap((line, nth) => (nth ? [document.createElement("br"), line] : [line])));
  }
  for (const link of body.querySelectorAll<HTMLAnchorElement>("a[href]")) openApart(link);
  return body.innerHTML;
}

/** Has a link open apart, without a way back, and say the host that it leads to. */
function openApart(link: HTMLAnchorElement) {
  link.target = "_blank";
  link.rel = "noopener noreferrer";
  link.title = link.getAttribute("href")!;
  if (link.host && link.host !== location.host && link.textContent?.trim() !== link.title) link.append(` (${link.host})`);
}
