/**
 * SHA-256, HMAC and HKDF over it. `crypto.subtle` has them too, but not on plain-http pages, and not piece by piece;
 * what is hashed here is small.
 */

export { sha256 } from "@noble/hashes/sha2.js";
export { hmac } from "@noble/hashes/hmac.js";
export { hkdf } from "@noble/hashes/hkdf.js";
