/** Where the page begins. */

import { App } from "./view/app.ts";

void App.start();
