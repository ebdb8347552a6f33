// Loaded when a form is filled in: form-js, and what is needed of its form.

import { Form } from "@bpmn-io/form-js-viewer";
import style from "@bpmn-io/form-js-viewer/dist/assets/form-js.css?url";
import { asItCame, keepNumbers, schemaFor } from "./form-numbers";
import { keepTexts } from "./form-texts";
import { loadStyle } from "./load-style";

type Values = Record<string, unknown>;

export interface Filled { data: Values; valid: boolean }

interface Field { id: string; key?: string; path?: string[]; label?: string }

export class FilledForm {
  private constructor(private readonly form: any, private readonly began: Values) {}

  static async open(container: HTMLElement, schema: object, data: Values, readOnly: boolean, changed: (data: Values) => void): Promise<FilledForm> {
    await loadStyle(style);
    const options = { container, debounce: false }; // whoever types and completes at once loses nothing
    const form: any = new Form(options);
    keepNumbers(form);
    keepTexts(form);
    const { warnings } = await form.importSchema(schemaFor(schema), data);
    if (warnings?.some((one: unknown) => one instanceof Error)) throw warnings[0];
    form.setProperty("readOnly", readOnly);
    form.setProperty("textLinkTarget", "_blank");
    let before = JSON.stringify(form._getSubmitData());
    form.on("changed", () => {
      const now = JSON.stringify(form._getSubmitData());
      if (now === before || form._getState().properties.readOnly) return;
      before = now;
      changed(asItCame(form._getSubmitData(), data) as Values);
    });
    return new FilledForm(form, data);
  }

  lock(readOnly: boolean) {
    this.form.setProperty("readOnly", readOnly);
  }

  submit(): Filled {
    const { data, errors } = this.form.submit();
    return { data: asItCame(data, this.began) as Values, valid: !Object.keys(errors).length };
  }

  /** Shows what the server says is wrong at the fields; returns what belongs to no field. */
  blame(fields: readonly { field: string; message: string }[]): string[] {
    const registry: Field[] = this.form.get("formFieldRegistry").getAll();
    const errors: Record<string, string[]> = {};
    const rest: string[] = [];
    for (const { field, message } of fields) {
      const found = registry.find((one) => one.key === field);
      if (found) errors[found.id] = [...(errors[found.id] ?? []), message];
      else rest.push(`${field}: ${message}`);
    }
    this.form._setState({ errors });
    return rest;
  }

  /** Takes the form away, after its fields have noticed that they lost the focus: they look around them then. */
  close() {
    setTimeout(() => this.form.destroy(), 200);
  }
}
