/** The worker for one scrypt, after which it is ended. */

import { scryptHere, type Derivation, type Derived } from "./scrypt.ts";

globalThis.onmessage = async ({ data }: MessageEvent<Derivation>) => {
  (globalThis as unknown as { postMessage(derived: Derived): void }).postMessage(await scryptHere(data));
};
