/** Addresses of the page's own files; those of scripts as the policy demands it (`trusted-types share`). */

interface Policy {
  createScriptURL(url: string): unknown;
}

interface Factory {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): Policy;
}

/** Set by `build.mjs`. */
declare const SERVICE_WORKER_NAME: string;
/** The service worker; its name has a hash of its bytes. */
export const SERVICE_WORKER = SERVICE_WORKER_NAME;
/** The worker's names, which have a hash of its bytes. */
const WORKER = /^worker-\w+\.js$/;

const factory = (globalThis as { trustedTypes?: Factory }).trustedTypes;
const policy = factory?.createPolicy("share", {
  createScriptURL(url) {
    const name = url.slice(pageUrl(".").length);
    if (url === pageUrl(name) && (name === SERVICE_WORKER || WORKER.test(name))) return url;
    throw new TypeError("not a script of this page");
  },
});

/** The address of a file of the page. All lie beside each other. */
export function pageUrl(name: string): string {
  return new URL(name, import.meta.url).href;
}

/** The name of the worker, as the document has it: it imports what this is part of, so neither can have the other's hash. */
export function workerName(): string {
  return document.querySelector("#worker")?.getAttribute("href")?.split("/").at(-1) ?? "";
}

/** The address of a script of our own. */
export function scriptUrl(name: string): string {
  const url = pageUrl(name);
  return policy ? (policy.createScriptURL(url) as string) : url;
}
