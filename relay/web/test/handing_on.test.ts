/** A download handed on as in Chromium; in a file of its own, because the modules ask once which browser it is. */

import { testHandingOn } from "./handing_on.ts";

testHandingOn("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36");
