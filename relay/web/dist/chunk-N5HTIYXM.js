// src/failure.ts
var ShareError = class extends Error {
  constructor(failure) {
    super(failure.code);
    this.failure = failure;
  }
  failure;
  name = "ShareError";
};
function fail(failure) {
  throw new ShareError(failure);
}
function failureOf(error) {
  if (error instanceof ShareError) return error.failure;
  if (error instanceof DOMException) {
    if (error.name === "AbortError") return { code: "cancelled" };
    if (error.name === "QuotaExceededError") return { code: "disk_full" };
  }
  return { code: "unexpected", detail: String(error) };
}
function isFailure(error, code) {
  return error instanceof ShareError && error.failure.code === code;
}

export {
  ShareError,
  fail,
  failureOf,
  isFailure
};
