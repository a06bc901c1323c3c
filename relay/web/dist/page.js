import {
  Engine,
  decodeFully,
  readIdSegment,
  splitAddress,
  splitLabelled,
  stripSurroundings,
  tidy
} from "./chunk-HOGNVBAO.js";
import {
  Words
} from "./chunk-7ARMHFDL.js";
import "./chunk-YG7J2LP3.js";
import "./chunk-WMBZNGJP.js";
import {
  save
} from "./chunk-FURVTLHS.js";
import "./chunk-SLSNA55A.js";
import {
  printable
} from "./chunk-SCJ37LVC.js";
import {
  ShareError,
  fail,
  failureOf
} from "./chunk-N5HTIYXM.js";
import {
  fromUtf8,
  utf8Length
} from "./chunk-GV6BKEVW.js";
import "./chunk-GM7WFPGG.js";

// src/relay_url.ts
var MAX_HOST_BYTES = 253;
var MAX_PREFIX_BYTES = 512;
function relayUrl(scheme, authority, prefix) {
  const [hostText, port] = splitPort(authority);
  const host = readHost(hostText) ?? fail({ code: "link_damaged" });
  const path = readPrefix(prefix);
  if (scheme === "http" && !isLocal(host)) fail({ code: "link_insecure", host });
  const isDefault = port === null || port === (scheme === "http" ? 80 : 443);
  return `${scheme}://${host}${isDefault ? "" : `:${port}`}${path}`;
}
function readHost(text) {
  if (/[%\s/\\?#@]/.test(text) || text.includes(":") && !text.startsWith("[")) return null;
  let host;
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
function splitPort(authority) {
  const colon = authority.indexOf(":", authority.lastIndexOf("]") + 1);
  if (colon < 0) return [authority, null];
  const digits = authority.slice(colon + 1);
  const port = /^\d{1,10}$/.test(digits) ? Number(digits) : 0;
  if (port < 1 || port > 65535) fail({ code: "link_damaged" });
  return [authority.slice(0, colon), port];
}
function readPrefix(text) {
  const segments = text.split("/").filter((segment) => segment !== "");
  const plain = segments.every((segment) => /^[A-Za-z0-9._~-]+$/.test(segment) && segment !== "." && segment !== "..");
  const prefix = segments.map((segment) => `/${segment}`).join("");
  return plain && prefix.length <= MAX_PREFIX_BYTES ? prefix : fail({ code: "link_damaged" });
}
function isLocal(host) {
  if (host === "localhost" || isLocalV4(host)) return true;
  if (!host.startsWith("[")) return false;
  const v6 = host.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(v6);
  if (mapped) return isLocalV4(v4Of(mapped[1] ?? "", mapped[2] ?? ""));
  return v6 === "::1" || /^f[cd][0-9a-f]{2}:/.test(v6) || /^fe[89ab][0-9a-f]:/.test(v6);
}
function v4Of(high, low) {
  const [a, b] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return [a >> 8, a & 255, b >> 8, b & 255].join(".");
}
function isLocalV4(host) {
  return /^(127|10)\.\d+\.\d+\.\d+$|^192\.168\.\d+\.\d+$|^169\.254\.\d+\.\d+$|^172\.(1[6-9]|2\d|3[01])\.\d+\.\d+$/.test(host);
}

// src/wrappers.ts
var BY_PARAMETER = [
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
  ["slack-redir.net", "url"]
];
var BY_PATH = ["/fmlurlsvc", "/wis/clicktime/"];
var HIDDEN = ["mimecast.com", "mimecastprotect.com", "atpscan.global.hornetsecurity.com"];
var PROOFPOINT = ["urldefense.proofpoint.com", "urldefense.com", "urldefense.us"];
function unwrapAddress(address) {
  const { host, path } = address;
  const under = (parent) => host === parent || host.endsWith(`.${parent}`);
  const found = (target) => target === null ? "hidden" : { target };
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
function parameter({ query }, wanted) {
  const values = new URLSearchParams(query).getAll(wanted);
  return values.find((value) => value !== "") ?? null;
}
function proofpoint(address) {
  if (address.rest.startsWith("/v3/__")) return /^\/v3\/__(.*?)__;/s.exec(address.rest)?.[1] ?? null;
  const link = parameter(address, "u");
  if (link === null || !address.path.startsWith("/v2/")) return link;
  return decodeFully(link.replaceAll("-", "%").replaceAll("_", "/"));
}
function afterToken(rest) {
  return /^\/[^/]*\/(.+)$/s.exec(rest)?.[1] ?? null;
}
function fromBase64(text) {
  const plain = text?.replace(/[- ]/g, "+").replaceAll("_", "/").replace(/=+$/, "");
  if (plain === void 0 || !/^[A-Za-z0-9+/]*$/.test(plain) || plain.length % 4 === 1) return null;
  return fromUtf8(Uint8Array.from(atob(plain), (c) => c.charCodeAt(0)));
}
function isGoogle(host) {
  return /^(www\.)?google\..{0,6}$/.test(host);
}

// src/link.ts
var MAX_TEXT_BYTES = 16 * 1024;
var MAX_WRAPPERS = 4;
function linkText({ relay, id }) {
  return `${relay}/s/${id}`;
}
function readLink(text) {
  return readNested(text, 0);
}
function readNested(raw, depth) {
  if (utf8Length(raw) > MAX_TEXT_BYTES || depth > MAX_WRAPPERS) fail({ code: "not_a_link" });
  const text = tidy(raw);
  const labelled = splitLabelled(text);
  if (labelled) return readLabelled(labelled, depth);
  const address = splitAddress(stripSurroundings(text));
  const wrapped = unwrapAddress(address);
  if (wrapped === "no") return readAddress(address);
  if (wrapped !== "hidden") return readNested(wrapped.target, depth + 1);
  const host = readHost(address.host);
  return fail(host ? { code: "link_hidden", host } : { code: "not_a_link" });
}
function readLabelled({ label, target, labelMustBeLink }, depth) {
  const link = readNested(target, depth + 1);
  const other = linkOrNull(label, depth + 1);
  const misleads = other ? linkText(other) !== linkText(link) : labelMustBeLink;
  return misleads ? fail({ code: "not_a_link" }) : link;
}
function linkOrNull(text, depth) {
  try {
    return readNested(text, depth);
  } catch (error) {
    if (error instanceof ShareError) return null;
    throw error;
  }
}
function readAddress(address) {
  const path = decodeFully(address.path)?.split(/[?#]/, 1)[0] ?? fail({ code: "link_damaged" });
  const segments = path.split("/").filter((segment) => segment !== "");
  const [marker, last] = segments.slice(-2);
  if (last === void 0 || marker?.toLowerCase() !== "s") return unfinished(segments);
  const id = readIdSegment(last) ?? fail({ code: "link_damaged" });
  const prefix = segments.slice(0, -2).join("/");
  return { relay: relayUrl(address.scheme, address.authority, address.isUpperCase ? prefix.toLowerCase() : prefix), id };
}
function unfinished(segments) {
  const ours = segments.some((segment) => segment.toLowerCase() === "s" || readIdSegment(segment) !== null);
  fail({ code: ours ? "link_damaged" : "not_a_link" });
}
export {
  Engine,
  ShareError,
  Words,
  failureOf,
  linkText,
  printable,
  readLink,
  save
};
