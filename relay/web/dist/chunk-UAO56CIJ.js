// src/view/dom.ts
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

// src/view/problem.ts
function whatHappened(texts, failure) {
  switch (failure.code) {
    case "words_wrong":
      if (failure.lockedUntil !== void 0) return texts.say("failure.words_wrong.locked", { time: texts.time(failure.lockedUntil) });
      if (failure.triesLeft !== void 0) return texts.count("failure.words_wrong.left", failure.triesLeft);
      break;
    case "locked":
      return texts.say("failure.locked", { time: texts.time(failure.until) });
    case "expired":
    case "revoked":
    case "collected":
      if (failure.at !== void 0) return texts.say(`failure.${failure.code}.at`, { time: texts.time(failure.at) });
      break;
    case "identity_unsupported":
      return texts.say("failure.identity_unsupported", { kind: texts.say(`kind.${failure.kind}`) });
    case "too_large_for_memory":
      return texts.say("failure.too_large_for_memory", { size: texts.size(failure.bytes), limit: texts.size(failure.limit) });
  }
  return texts.say(`failure.${failure.code}`, plainValues(failure));
}
function whatToDo(texts, failure) {
  return texts.say(`failure.${failure.code}.hint`, plainValues(failure));
}
function problemBox(texts, failure, id) {
  const label = element("span", { class: "hidden" }, `${texts.say("problem.label")} `);
  const what = element("p", { class: "what" }, label, whatHappened(texts, failure));
  return element("div", { class: "problem", role: "alert", id }, what, element("p", {}, whatToDo(texts, failure)));
}
function plainValues(failure) {
  const isPlain = (field) => ["string", "number"].includes(typeof field[1]);
  return Object.fromEntries(Object.entries(failure).filter(isPlain));
}

export {
  element,
  paragraph,
  button,
  setText,
  whatHappened,
  problemBox
};
