/** Where the page begins. */

import { App } from "./view/app.ts";

new App().start(document.getElementById("page") ?? document.body);
document.getElementById("fallback")?.remove();
