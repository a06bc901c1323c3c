/**
 * Private keys to open with: age's own X25519 (`AGE-SECRET-KEY-1…`). ssh keys, identities that a passphrase protects, and
 * those of plugins are named, so that their owner can be told that `share get` opens them.
 */

import { x25519 } from "@noble/curves/ed25519.js";
import { bech32 } from "@scure/base";
import { fail } from "../failure.ts";
import { concat, utf8 } from "./bytes.ts";
import { base64, malformed, unwrap, type Identity, type Stanza } from "./header.ts";
import { hkdf, sha256 } from "./sha256.ts";

const KEY_BYTES = 32;
const MAX_TEXT = 64 * 1024;

/** Reads an identity file, or a key as it is pasted: one a line, `#` before remarks. */
export function readIdentities(text: string): Identity[] {
  if (text.length > MAX_TEXT) fail({ code: "identity_invalid" });
  const start = text.trimStart();
  if (start.startsWith("age-encryption.org/") || start.startsWith("-----BEGIN AGE ENCRYPTED FILE-----")) {
    fail({ code: "identity_unsupported", kind: "protected" });
  }
  if (start.startsWith("-----BEGIN ")) fail({ code: "identity_unsupported", kind: "ssh" });
  const lines = text.split("\n").map((line) => line.trim());
  const keys = lines.filter((line) => line !== "" && !line.startsWith("#")).map(readIdentity);
  return keys.length > 0 ? keys : fail({ code: "identity_invalid" });
}

function readIdentity(line: string): Identity {
  const upper = line.toUpperCase();
  if (upper.startsWith("AGE-PLUGIN-")) fail({ code: "identity_unsupported", kind: "plugin" });
  if (upper.startsWith("AGE-SECRET-KEY-PQ-1")) fail({ code: "identity_unsupported", kind: "post_quantum" });
  const decoded = bech32.decodeUnsafe(line, false);
  const bytes = decoded && bech32.fromWordsUnsafe(decoded.words);
  if (!bytes || decoded.prefix !== "age-secret-key-" || bytes.length !== KEY_BYTES) fail({ code: "identity_invalid" });
  return (stanza) => openX25519(bytes, stanza);
}

async function openX25519(secret: Uint8Array, { type, args, body }: Stanza): Promise<Uint8Array | null> {
  if (type !== "X25519") return null;
  const [share, more] = args;
  if (share === undefined || more !== undefined) malformed();
  const ephemeral = base64(share);
  if (ephemeral.length !== KEY_BYTES) malformed();
  const salt = concat(ephemeral, x25519.getPublicKey(secret));
  return unwrap(hkdf(sha256, sharedSecret(secret, ephemeral), salt, utf8("age-encryption.org/v1/X25519"), 32), body);
}

/** noble refuses points of low order, whose secret everybody knows. */
function sharedSecret(secret: Uint8Array, share: Uint8Array): Uint8Array {
  try {
    return x25519.getSharedSecret(secret, share);
  } catch {
    return malformed();
  }
}
