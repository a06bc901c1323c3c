/** Makes elements of attributes and text. Nothing here turns text into markup. */

/** `true` is an attribute without a value, `false` none; a function listens to the event of that name. */
type Attributes = Record<string, string | number | boolean | ((event: Event) => void)>;

/** What an element holds. Text is never taken for markup. */
export type Child = Node | string | null;

export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name, value);
    else if (value !== false) made.setAttribute(name, value === true ? "" : String(value));
  }
  fill(made, children);
  return made;
}

/** Replaces what the element holds; `null` is left out. */
export function fill(target: Element, children: Child[]): void {
  target.replaceChildren(...children.filter((child) => child !== null));
}

export function buttons(...children: Child[]): HTMLElement {
  return element("div", { class: "buttons" }, ...children);
}

/** A paragraph; `null` for no text. */
export function paragraph(text: string | null, attributes: Attributes = {}): HTMLElement | null {
  return text === null ? null : element("p", attributes, text);
}

/** A button that does not submit its form. */
export function button(text: string, press: () => void, attributes: Attributes = {}): HTMLButtonElement {
  return element("button", { type: "button", click: press, ...attributes }, text);
}

/** A text field for a secret, which browsers must not correct, complete, keep or translate. */
export function secretField(attributes: Attributes): HTMLTextAreaElement {
  const plain = { autocapitalize: "off", autocomplete: "off", autocorrect: "off", spellcheck: "false", writingsuggestions: "false", translate: "no" };
  return element("textarea", { ...plain, ...attributes });
}

/** Sets a text only if it is another, so that screen readers do not say it again. */
export function setText(target: HTMLElement, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}

/** An element of SVG. */
export function drawing(tag: "svg" | "path" | "rect", attributes: Record<string, string | number>, ...children: SVGElement[]): SVGElement {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.append(...children);
  return made;
}
