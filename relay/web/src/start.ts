/** Where the page begins: it takes over the first screen of the document, with what was typed there already. */

import { App } from "./view/app.ts";

const field = document.querySelector<HTMLTextAreaElement>("#page textarea");
const app = new App(field?.value ?? "");
const isTyping = document.activeElement === field;
app.start(document.getElementById("page") ?? document.body);
if (isTyping) document.getElementById("words")?.focus();
document.getElementById("fallback")?.remove();
