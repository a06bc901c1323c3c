import {
  init_define_WORD_LIST_NAMES
} from "./chunk-3SU3V7RU.js";

// src/view/dom.ts
init_define_WORD_LIST_NAMES();
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name, value);
    else if (value !== false) made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}
function paragraph(text, attributes = {}) {
  return text === null ? null : element("p", attributes, text);
}
function button(text, press, attributes = {}) {
  return element("button", { type: "button", click: press, ...attributes }, text);
}
function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}
function drawing(tag, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.append(...children);
  return made;
}

export {
  element,
  paragraph,
  button,
  setText,
  drawing
};
