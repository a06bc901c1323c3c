/** The base URL of a relay, as a link begins. */

import { refuse } from "./link_error.ts";

const MAX_HOST_BYTES = 253;
const MAX_PREFIX_BYTES = 512;

export type Scheme = "http" | "https";

/**
 * `https://host[:port][/prefix]`, without a slash at its end. `http://` is accepted only for this computer and for
 * addresses in private networks.
 */
export function relayUrl(scheme: Scheme, authority: string, prefix: string): string {
  const [hostText, port] = splitPort(authority);
  const host = readHost(hostText) ?? refuse({ code: "link_damaged" });
  const path = readPrefix(prefix);
  if (scheme === "http" && !isLocal(host)) refuse({ code: "link_insecure", host });
  const isDefault = port === null || port === (scheme === "http" ? 80 : 443);
  return `${scheme}://${host}${isDefault ? "" : `:${port}`}${path}`;
}

/** A host as it is plainly written: no percent-encoding, no IPv4 address in disguise (`0x7f.1`). */
export function readHost(text: string): string | null {
  if (/[%\s/\\?#@]/.test(text) || (text.includes(":") && !text.startsWith("["))) return null;
  let host: string;
  try {
    host = new URL(`https://${text}`).hostname;
  } catch {
    return null;
  }
  if (host.startsWith("[")) return host;
  if (/^\d+(\.\d+){3}$/.test(host)) return host === text ? host : null;
  const labels = host.split(".");
  const plain = labels.every((label) => /^(?!-)[a-zA-Z0-9_-]{1,63}(?<!-)$/.test(label));
  return plain && host.length <= MAX_HOST_BYTES ? host : null;
}

/** Host text and port. The colons inside `[…]` belong to an IPv6 address. */
function splitPort(authority: string): [string, number | null] {
  const colon = authority.indexOf(":", authority.lastIndexOf("]") + 1);
  if (colon < 0) return [authority, null];
  const digits = authority.slice(colon + 1);
  const port = /^\d{1,5}$/.test(digits) ? Number(digits) : 0;
  if (port < 1 || port > 65_535) refuse({ code: "link_damaged" });
  return [authority.slice(0, colon), port];
}

/** `/a/b` or nothing; only characters that mean themselves in a URL. */
function readPrefix(text: string): string {
  const segments = text.split("/").filter((segment) => segment !== "");
  const plain = segments.every((segment) => /^[A-Za-z0-9._~-]+$/.test(segment) && segment !== "." && segment !== "..");
  const prefix = segments.map((segment) => `/${segment}`).join("");
  return plain && prefix.length <= MAX_PREFIX_BYTES ? prefix : refuse({ code: "link_damaged" });
}

function isLocal(host: string): boolean {
  if (host === "localhost" || isLocalV4(host)) return true;
  if (!host.startsWith("[")) return false;
  const v6 = host.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(v6);
  if (mapped) return isLocalV4(v4Of(mapped[1] ?? "", mapped[2] ?? ""));
  return v6 === "::1" || /^f[cd][0-9a-f]{2}:/.test(v6) || /^fe[89ab][0-9a-f]:/.test(v6);
}

function v4Of(high: string, low: string): string {
  const [a, b] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return [a >> 8, a & 255, b >> 8, b & 255].join(".");
}

function isLocalV4(host: string): boolean {
  return /^(127|10)\.\d+\.\d+\.\d+$|^192\.168\.\d+\.\d+$|^169\.254\.\d+\.\d+$|^172\.(1[6-9]|2\d|3[01])\.\d+\.\d+$/.test(host);
}
