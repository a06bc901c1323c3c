/** Mail gateways and sites that put their own address around a link, and how each hides the link in it. */

import { fromUtf8 } from "./bytes.ts";
import { decodeFully, percentDecode, type Address } from "./repair.ts";

/** Gateways that carry the link in a query parameter: host (or parent of it), parameter. */
const BY_PARAMETER: readonly [string, string][] = [
  // Microsoft Defender Safe Links, in mail and in Teams
  ["safelinks.protection.outlook.com", "url"],
  ["safelinks.protection.office365.us", "url"],
  ["statics.teams.cdn.office.net", "url"],
  // Barracuda
  ["linkprotect.cudasvc.com", "a"],
  // Symantec
  ["clicktime.symantec.com", "u"],
  // Zix
  ["link.zixcentral.com", "u"],
  // Libraesva
  ["urlsand.esvalabs.com", "u"],
  ["l.facebook.com", "u"],
  ["slack-redir.net", "url"],
];
/** Gateways on the host of whoever runs them, with the link in `url`: FortiMail, Trend Micro. */
const BY_PATH = ["/fmlurlsvc", "/wis/clicktime/"];
/** Gateways whose links do not tell where they lead. */
const HIDDEN = ["mimecast.com", "mimecastprotect.com", "atpscan.global.hornetsecurity.com"];
const PROOFPOINT = ["urldefense.proofpoint.com", "urldefense.com", "urldefense.us"];

/** What an address leads to: itself, another address, or another address which it does not tell. */
export type Wrapped = "no" | "hidden" | { target: string };

/** Takes one wrapper off. */
export function unwrapAddress(address: Address): Wrapped {
  const { host, path } = address;
  const under = (parent: string) => host === parent || host.endsWith(`.${parent}`);
  const found = (target: string | null): Wrapped => (target === null ? "hidden" : { target });
  if (HIDDEN.some(under)) return "hidden";
  const [, name] = BY_PARAMETER.find(([parent]) => under(parent)) ?? [];
  if (name) return found(parameter(address, name));
  if (PROOFPOINT.some(under)) return found(proofpoint(address));
  if (isGoogle(host) && path === "/url") return found(parameter(address, "q") ?? parameter(address, "url"));
  if (under("secure-web.cisco.com")) return found(afterToken(address.rest));
  if (under("protection.sophos.com")) return found(fromBase64(parameter(address, "u")));
  if (BY_PATH.some((start) => path.startsWith(start))) return found(parameter(address, "url"));
  return "no";
}

/** The first value of this name that is not empty. Not by `URLSearchParams`, which leaves out a `?` and whose decoding differs. */
function parameter({ query }: Address, wanted: string): string | null {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const decode = (text: string) => decoder.decode(percentDecode(text.replaceAll("+", " ")));
  for (const pair of query.split("&")) {
    const [name = ""] = pair.split("=", 1);
    const value = decode(pair.slice(name.length + 1));
    if (value !== "" && decode(name) === wanted) return value;
  }
  return null;
}

/**
 * URL Defense: v1 percent-encodes, v2 writes `-` for `%` and `_` for `/`, v3 sets the link between `__` and `__;`. What
 * v3 takes out of a link and keeps apart (`*`) are characters ours do not have.
 */
function proofpoint(address: Address): string | null {
  if (address.rest.startsWith("/v3/__")) return /^\/v3\/__(.*?)__;/s.exec(address.rest)?.[1] ?? null;
  const link = parameter(address, "u");
  if (link === null || !address.path.startsWith("/v2/")) return link;
  return decodeFully(link.replaceAll("-", "%").replaceAll("_", "/"));
}

/** `/token/link`. */
function afterToken(rest: string): string | null {
  return /^\/[^/]*\/(.+)$/s.exec(rest)?.[1] ?? null;
}

/** Base64 with either alphabet; the padding may be missing. */
function fromBase64(text: string | null): string | null {
  const standard = text?.replace(/[- ]/g, "+").replaceAll("_", "/") ?? "?";
  const plain = standard.length % 4 === 0 ? standard.replace(/={1,2}$/, "") : standard;
  if (!/^[A-Za-z0-9+/]*$/.test(plain) || plain.length % 4 === 1) return null;
  const bytes = atob(plain);
  // Bits at the end that stand for nothing are zero.
  const isCanonical = btoa(bytes).replace(/=+$/, "") === plain;
  return isCanonical ? fromUtf8(Uint8Array.from(bytes, (c) => c.charCodeAt(0))) : null;
}

/** `www.google.com`, `google.nl`, `www.google.co.uk`. */
function isGoogle(host: string): boolean {
  return /^(www\.)?google\.[!-~]{0,6}$/.test(host);
}
