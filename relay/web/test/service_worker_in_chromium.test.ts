/** As in Chromium; in a file of its own, because the modules ask once which browser it is. */

import { testServiceWorker } from "./service_worker.ts";

testServiceWorker("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36");
