/** Elements, made of attributes and text. There is no way in here to make markup of a text. */

/** `true` is an attribute without a value, `false` none; a function listens to the event of that name. */
type Attributes = Record<string, string | number | boolean | ((event: Event) => void)>;

/** What an element holds; text is only ever text. */
export type Child = Node | string | null;

/** An element. */
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

/** Puts these in place of what the element holds; `null` is nothing. */
export function fill(target: Element, children: Child[]): void {
  target.replaceChildren(...children.filter((child) => child !== null));
}

/** A row of buttons. */
export function buttons(...children: Child[]): HTMLElement {
  return element("div", { class: "buttons" }, ...children);
}

/** A paragraph; `null` for no text. */
export function paragraph(text: string | null, attributes: Attributes = {}): HTMLElement | null {
  return text === null ? null : element("p", attributes, text);
}

/** A button that submits nothing. */
export function button(text: string, press: () => void, attributes: Attributes = {}): HTMLButtonElement {
  return element("button", { type: "button", click: press, ...attributes }, text);
}

/** A field for several lines of a secret, which no browser is to correct, complete, keep or translate. */
export function secretField(attributes: Attributes): HTMLTextAreaElement {
  const plain = { autocapitalize: "off", autocomplete: "off", autocorrect: "off", spellcheck: "false", writingsuggestions: "false", translate: "no" };
  return element("textarea", { ...plain, ...attributes });
}

/** Sets a text only if it is another, so that screen readers do not say it again. */
export function setText(target: HTMLElement, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}

/** An element of a drawing. */
export function drawing(tag: "svg" | "path" | "rect", attributes: Record<string, string | number>, ...children: SVGElement[]): SVGElement {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.append(...children);
  return made;
}
