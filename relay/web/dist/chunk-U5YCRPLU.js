// src/trusted.ts
var DOWNLOAD_WORKER = "download-worker-JI557GWX.js";
var NAMES = ["worker.js", "scrypt-worker.js", DOWNLOAD_WORKER];
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
  DOWNLOAD_WORKER,
  pageUrl,
  scriptUrl
};
