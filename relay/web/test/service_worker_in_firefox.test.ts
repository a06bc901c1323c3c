/** As in Firefox; in a file of its own, because the modules ask once which browser it is. */

import { testServiceWorker } from "./service_worker.ts";

testServiceWorker("Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0");
