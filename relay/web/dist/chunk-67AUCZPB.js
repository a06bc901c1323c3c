// src/trusted.ts
var NAMES = ["worker.js", "scrypt-worker.js", "download-worker.js"];
var factory = globalThis.trustedTypes;
var policy = factory?.createPolicy("share", {
  createScriptURL(url) {
    if (NAMES.some((name) => url === pageUrl(name))) return url;
    throw new TypeError("not a script of this page");
  }
});
function pageUrl(name) {
  return new URL(name, import.meta.url).href;
}
function scriptUrl(name) {
  const url = pageUrl(name);
  return policy ? policy.createScriptURL(url) : url;
}

export {
  pageUrl,
  scriptUrl
};
