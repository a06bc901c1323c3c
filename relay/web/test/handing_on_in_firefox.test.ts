import { testHandingOn } from "./handing_on.ts";

testHandingOn("Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0");
