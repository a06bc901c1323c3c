/**
 * Links: `https://relay.example/s/<id>`. Reads what mail programs, gateways and people make of them.
 *
 * A link that was changed is either put right for certain or refused: the id has a check character, and the host is taken
 * only from where it is plainly written.
 */

import { utf8Length } from "./bytes.ts";
import { LinkError, refuse } from "./link_error.ts";
import { readHost, relayUrl } from "./relay_url.ts";
import { decodeFully, readIdSegment, splitAddress, splitLabelled, stripSurroundings, tidy, type Address, type Labelled } from "./repair.ts";
import { unwrapAddress } from "./wrappers.ts";

/** Longest text looked at, in bytes. */
const MAX_TEXT_BYTES = 16 * 1024;
/** Gateways that may have wrapped a link one around the other. */
const MAX_WRAPPERS = 4;

/** Where a share is. There is no secret in it. */
export interface Link {
  /** The relay's base URL, without a slash at its end. */
  relay: string;
  id: string;
}

/** The link in the form it is made in. */
export function linkText({ relay, id }: Link): string {
  return `${relay}/s/${id}`;
}

/** Reads a link, undoing what happens to links in mail: wrapping, quoting, encoding, redirection. */
export function readLink(text: string): Link {
  return readNested(text, 0);
}

function readNested(raw: string, depth: number): Link {
  if (utf8Length(raw) > MAX_TEXT_BYTES || depth > MAX_WRAPPERS) refuse({ code: "not_a_link" });
  const text = tidy(raw);
  const labelled = splitLabelled(text);
  if (labelled) return readLabelled(labelled, depth);
  const address = splitAddress(stripSurroundings(text));
  const wrapped = unwrapAddress(address);
  if (wrapped === "no") return readAddress(address);
  if (wrapped !== "hidden") return readNested(wrapped.target, depth + 1);
  const host = readHost(address.host);
  return refuse(host ? { code: "link_hidden", host } : { code: "not_a_link" });
}

/** A label that is itself a link must name the same share as the target, or one of the two would mislead. */
function readLabelled({ label, target, labelMustBeLink }: Labelled, depth: number): Link {
  const link = readNested(target, depth + 1);
  const other = linkOrNull(label, depth + 1);
  const misleads = other ? linkText(other) !== linkText(link) : labelMustBeLink;
  return misleads ? refuse({ code: "not_a_link" }) : link;
}

function linkOrNull(text: string, depth: number): Link | null {
  try {
    return readNested(text, depth);
  } catch (error) {
    if (error instanceof LinkError) return null;
    throw error;
  }
}

function readAddress(address: Address): Link {
  const path = decodeFully(address.path)?.split(/[?#]/, 1)[0] ?? refuse({ code: "link_damaged" });
  const segments = path.split("/").filter((segment) => segment !== "");
  const [marker, last] = segments.slice(-2);
  if (last === undefined || marker?.toLowerCase() !== "s") return unfinished(segments);
  const id = readIdSegment(last) ?? refuse({ code: "link_damaged" });
  const prefix = segments.slice(0, -2).join("/");
  return { relay: relayUrl(address.scheme, address.authority, address.isUpperCase ? prefix.toLowerCase() : prefix), id };
}

/** Without `/s/<id>` at its end: one of ours if the rest shows it. */
function unfinished(segments: string[]): never {
  const ours = segments.some((segment) => segment.toLowerCase() === "s" || readIdSegment(segment) !== null);
  refuse({ code: ours ? "link_damaged" : "not_a_link" });
}
