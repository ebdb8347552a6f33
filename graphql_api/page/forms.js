// Makes a plain HTML form of a Camunda Form, and reads the result back.

export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value != null) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child != null));
  return made;
}

const at = (data, path) => path.split(".").reduce((value, part) => value?.[part], data);

function filled(text, data) {
  return text.replace(/\{\{\s*([\w.]+)\s*\}\}/g, (_, path) => {
    const value = at(data, path);
    return value == null ? "–" : typeof value === "object" ? JSON.stringify(value) : String(value);
  });
}

// Headings, paragraphs and bold of Markdown are all that a form's texts need here.
function prose(text, data) {
  return text.split(/\n{2,}/).map((block) => {
    const heading = /^#+\s+(.*)/.exec(block);
    const parts = (heading ? heading[1] : block).split(/\*\*(.+?)\*\*/);
    const spans = parts.map((part, i) => (i % 2 ? element("strong", {}, filled(part, data)) : filled(part, data)));
    return element(heading ? "h3" : "p", {}, ...spans);
  });
}

const choicesOf = (component, data) =>
  (component.values ?? at(data, component.valuesKey ?? "") ?? []).map((one) =>
    typeof one === "object" ? one : { label: String(one), value: one });

function control(component, data, id) {
  const rules = component.validate ?? {};
  const value = at(data, component.key) ?? component.defaultValue;
  const common = { id, name: component.key, required: Boolean(rules.required), disabled: Boolean(component.disabled) };
  if (component.type === "textarea")
    return element("textarea", { ...common, rows: 4, maxlength: rules.maxLength, minlength: rules.minLength }, value ?? "");
  if (component.type === "select") {
    const none = element("option", { value: "" }, "Choose…");
    const options = choicesOf(component, data).map((one, i) =>
      element("option", { value: i, selected: one.value === value }, one.label));
    return element("select", common, none, ...options);
  }
  if (component.type === "number")
    return element("input", {
      ...common, type: "number", min: rules.min, max: rules.max, step: component.increment ?? "any", value,
    });
  const types = { date: "date", time: "time", datetime: "datetime-local" };
  const type = component.type === "datetime" ? types[component.subtype ?? "date"] : rules.validationType === "email" ? "email" : "text";
  return element("input", {
    ...common, type, value, maxlength: rules.maxLength, minlength: rules.minLength, autocomplete: "off",
    pattern: rules.pattern && `[\\s\\S]*?(?:${rules.pattern})[\\s\\S]*`, // it is found anywhere, as form-js finds it
  });
}

function group(component, data, id) {
  const many = component.type === "checklist" || component.type === "taglist";
  const required = Boolean(component.validate?.required) && !many;
  const chosen = at(data, component.key) ?? component.defaultValue;
  const options = choicesOf(component, data).map((one, i) =>
    element("label", {}, element("input", {
      type: many ? "checkbox" : "radio", name: component.key, value: i, required,
      checked: many ? Boolean(chosen?.includes?.(one.value)) : one.value === chosen,
    }), one.label));
  return element("fieldset", { id }, element("legend", {}, component.label ?? component.key), ...options);
}

export function formFields(form, data) {
  return (form?.components ?? []).flatMap((component, i) => {
    const id = `field-${i}-${component.key ?? component.type}`;
    const label = component.label ?? component.key;
    switch (component.type) {
      case "text": return prose(component.text ?? "", data);
      case "group": return [element("fieldset", {}, element("legend", {}, label ?? ""), ...formFields(component, data))];
      case "radio": case "checklist": case "taglist": return [group(component, data, id)];
      case "checkbox": {
        const checked = Boolean(at(data, component.key) ?? component.defaultValue);
        const box = element("input", { id, type: "checkbox", name: component.key, checked });
        return [element("label", { for: id }, box, label)];
      }
      case "textfield": case "textarea": case "number": case "select": case "datetime":
        return [element("label", { for: id }, label, component.validate?.required ? " (required)" : "", control(component, data, id))];
      default: return [];
    }
  });
}

export function readForm(form, data, html) {
  const result = {};
  for (const component of form?.components ?? []) {
    if (component.type === "group") Object.assign(result, readForm(component, data, html));
    if (!component.key || component.disabled) continue;
    const value = readField(component, data, html);
    if (value !== undefined) put(result, component.key.split("."), value);
  }
  return result;
}

function readField(component, data, html) {
  const inputs = [...html.querySelectorAll(`[name="${CSS.escape(component.key)}"]`)];
  if (!inputs.length) return undefined;
  const choices = choicesOf(component, data);
  switch (component.type) {
    case "checkbox": return inputs[0].checked;
    case "checklist": case "taglist": return inputs.filter((one) => one.checked).map((one) => choices[one.value].value);
    case "radio": { const chosen = inputs.find((one) => one.checked); return chosen && choices[chosen.value].value; }
    case "select": return inputs[0].value === "" ? undefined : choices[inputs[0].value].value;
    case "number": return inputs[0].value === "" ? undefined : component.serializeToString ? inputs[0].value : Number(inputs[0].value);
    default: return inputs[0].value === "" ? undefined : inputs[0].value;
  }
}

function put(result, path, value) {
  const last = path.pop();
  const inner = path.reduce((into, part) => (into[part] ??= {}), result);
  inner[last] = value;
}

export function showFieldErrors(html, errors) {
  for (const old of html.querySelectorAll(".wrong")) old.remove();
  for (const old of html.querySelectorAll("[aria-invalid]")) old.removeAttribute("aria-invalid");
  errors.forEach(({ field, message }, i) => {
    const input = html.querySelector(`[name="${CSS.escape(field)}"]`);
    const id = `wrong-${i}`;
    const text = element("p", { class: "wrong", id }, `${input ? "" : `${field}: `}${message}`);
    (input?.closest("fieldset, label") ?? html).append(text);
    input?.setAttribute("aria-invalid", "true");
    input?.setAttribute("aria-describedby", id);
    if (i === 0) input?.focus();
  });
}
