/** One share being opened: from its status to the receipt. Reads like `share get`. */

import { fail, isFailure, part, type Failure } from "../failure.ts";
import { concat, hex, random, type Bytes } from "../format/bytes.ts";
import { openCipher } from "../format/cipher.ts";
import { Fingerprint } from "../format/fingerprint.ts";
import { openHeader, readHeader, type Header, type Opener } from "../format/header.ts";
import { parseManifest, type Manifest } from "../format/manifest.ts";
import { proof } from "../format/proof.ts";
import { receiptKey, receiptMac, type HowSaved } from "../format/receipt.ts";
import { scrypt, type Progress } from "../format/scrypt.ts";
import { sha256 } from "../format/sha256.ts";
import { NONCE, openBytes, Stream } from "../format/stream.ts";
import { unpack, type Unpacked } from "../format/unpack.ts";
import { Relay, type ShareStatus } from "../relay/api.ts";
import { LONG_PATIENCE_MS, withPatience, type Patience } from "../relay/backoff.ts";
import { fileLength, readAll, type Content } from "../relay/download.ts";
import { RemoteSource } from "../relay/source.ts";
import type { Again, Plan, SaveAs, Saved, Selection, Target } from "../saving/plan.ts";
import { entriesOf, selected, singleFile, sizeOf, zipName } from "../saving/selection.ts";
import { openLocal, readFileHeader } from "./local.ts";
import type { Event } from "./protocol.ts";

/** How long a lost connection may last before a small call fails. */
const CALL_PATIENCE_MS = 30_000;
/** The part of the work of opening a share that its proof is: 2^15 of that and 2^17. */
const PROOF_SHARE = 1 / 5;
/** The longest file that is given out in one piece. */
const READ_LIMIT = 16 * 1024 * 1024;
/** Between two words about progress. */
const PROGRESS_MS = 100;

/** A share on a relay. */
interface Share {
  relay: Relay;
  id: string;
  /** Whether its sender was still uploading when this was last asked. */
  isSending: boolean;
}

/** A share on a relay that has been opened. */
interface Remote extends Share {
  proof: string | null;
  receiptKey: Uint8Array;
}

/** A share on a relay, or an age file on disk. */
type Place = Share | { file: File; header: Header };

/** A place that has been opened. */
interface Opened {
  manifest: Manifest;
  content: Omit<Content, "source">;
  remote: Remote | null;
  /** Of a file on disk. */
  local: Content | null;
}

/** What all was saved from, for its receipts. */
interface Received {
  ticket: Bytes;
  fingerprint: Uint8Array;
  saved: HowSaved;
}

/** What is known of the share so far. */
export class Session {
  #place: Place | null = null;
  #opened: Opened | null = null;
  #ticket: Bytes | null = null;
  /** What was saved and can be told of, until its ticket has ended. */
  #received: Received | null = null;
  /** How far saving is. */
  #progress: (Event & { type: "progress" }) | null = null;

  constructor(readonly tell: (event: Event) => void) {}

  /** Asks the relay about a share. */
  async open(base: string, id: string, signal: AbortSignal): Promise<ShareStatus> {
    const before = this.#place;
    const share = before && !("file" in before) ? before : { relay: new Relay(base), id, isSending: false };
    // It may be opened before the relay has answered. A file that somebody has chosen meanwhile stays what is opened.
    this.#place ??= share;
    const status = await this.#call(signal, () => share.relay.status(id, signal));
    share.isSending = status.state === "uploading";
    return status;
  }

  /** Looks at an age file on disk. */
  async openFile(file: File): Promise<{ kind: "words" | "keys" }> {
    const header = await readFileHeader(file);
    this.#place = { file, header };
    return { kind: header.kind };
  }

  /** Opens the manifest with words or keys, as soon as the sender has sent it. */
  async unlock(opener: Opener, signal: AbortSignal): Promise<Manifest> {
    const place = this.#place ?? fail({ code: "unexpected", detail: "nothing is open" });
    this.#opened = "file" in place ? await this.#unlockFile(place, opener, signal) : await this.#unlockShare(place, opener, signal);
    return this.#opened.manifest;
  }

  /** Loads what opening with words takes, by having it do a little. */
  async prepare(): Promise<void> {
    await Promise.all([scrypt(new Uint8Array(1), new Uint8Array(1), 1, () => {}), openCipher(new Uint8Array(32))]);
  }

  /** What saving would make. */
  async plan(selection: Selection, saveAs: SaveAs): Promise<Plan> {
    const { manifest } = this.#openedOrFail();
    const single = singleFile(manifest, selection);
    if (single) return { name: single.path.slice(single.path.lastIndexOf("/") + 1), isZip: false, bytes: single.size };
    if (saveAs === "folder") return { name: zipName(manifest), isZip: false, bytes: null };
    const zip = await part(import("../saving/zip.ts"));
    zip.checkCount(manifest);
    const entries = entriesOf(manifest, selection);
    // Of too many to be listed the names are not known.
    return { name: zipName(manifest), isZip: true, bytes: entries.length > 0 ? zip.zipLength(entries) : null };
  }

  /** Downloads, verifies and saves. A receipt is due if that was everything. */
  async save(selection: Selection, target: Target, signal: AbortSignal): Promise<Saved> {
    const opened = this.#openedOrFail();
    const single = singleFile(opened.manifest, selection);
    const isWhole = selection === "all";
    const fingerprint = new Fingerprint();
    this.#progress = null;
    const total = isWhole ? opened.manifest.bytes : sizeOf(entriesOf(opened.manifest, selection));
    const { openTarget } = await part(import("../saving/target.ts"));
    // Before a ticket is spent: what cannot be written to should not cost a download.
    const put = await openTarget(target, total, signal);
    const over = new AbortController();
    const wanted = AbortSignal.any([signal, over.signal]);
    const files = async function* (this: Session): AsyncGenerator<Unpacked, void> {
      const content = await this.#content(opened, wanted);
      const unpacked = isWhole
        ? unpack(readAll(content, fingerprint), opened.manifest)
        : selected(content, entriesOf(opened.manifest, selection));
      yield* this.#counted(unpacked, total, wanted);
    }.bind(this);
    // Whoever takes the files may fail in the middle; the connection is not to stay open then.
    const saved = await put(files(), single !== null).finally(() => over.abort());
    const isPlaced = target.way === "file" || target.way === "folder";
    if (isWhole && opened.remote && this.#ticket) {
      this.#received = { ticket: this.#ticket, fingerprint: fingerprint.finish(), saved: isPlaced ? "disk" : "browser" };
    }
    const receipt = isWhole && opened.remote ? "due" : "none";
    return { way: target.way, outcome: isPlaced ? "placed" : "given", bytes: total, receipt, ...saved };
  }

  /** The bytes of one file, or of the only one. The sender is not told: that says nothing of the rest, and saves nothing. */
  async read(place: number | null, signal: AbortSignal): Promise<Bytes> {
    const opened = this.#openedOrFail();
    const entry = singleFile(opened.manifest, place === null ? "all" : [place]) ?? fail({ code: "unexpected", detail: "no file" });
    if (entry.size > READ_LIMIT) fail({ code: "too_large_for_memory", bytes: entry.size, limit: READ_LIMIT });
    this.#progress = null;
    const pieces: Bytes[] = [];
    for await (const { bytes } of selected(await this.#content(opened, signal), [entry])) {
      for await (const piece of bytes) pieces.push(piece.slice());
    }
    return concat(...pieces);
  }

  /** Sends the receipt that is due. Gives how long what was given to the browser can be saved again. */
  async receipt(signal: AbortSignal): Promise<Again | null> {
    const { remote } = this.#openedOrFail();
    if (!this.#received || !remote) return null;
    const until = await this.#tellSender(remote, this.#received, this.#received.saved, signal);
    if (until === null) return null;
    const { now } = await this.#call(signal, () => remote.relay.status(remote.id, signal));
    return { until, seconds: Math.max(0, until - now) };
  }

  /** Tells the sender that the person has what was given to the browser. */
  async confirm(signal: AbortSignal): Promise<void> {
    const { remote } = this.#openedOrFail();
    if (this.#received && remote) await this.#tellSender(remote, this.#received, "confirmed", signal);
  }

  /** Sends a receipt. Gives until when its ticket lasts; `null` once it has ended. */
  async #tellSender(remote: Remote, received: Received, saved: HowSaved, signal: AbortSignal): Promise<number | null> {
    const { ticket, fingerprint } = received;
    const time = Math.floor(Date.now() / 1000);
    const mac = receiptMac(remote.receiptKey, sha256(ticket), fingerprint, BigInt(time), saved);
    const receipt = { fingerprint: hex(fingerprint), time, saved, mac: hex(mac) };
    const until = await this.#call(signal, () => remote.relay.receipt(remote.id, hex(ticket), receipt, signal));
    // Saving again takes another ticket.
    if (until === null) [this.#received, this.#ticket] = [null, null];
    return until;
  }

  async #unlockShare(share: Share, opener: Opener, signal: AbortSignal): Promise<Opened> {
    const { relay, id } = share;
    const shown = "passphrase" in opener ? hex(await proof(opener.passphrase, id, this.#opening(0, PROOF_SHARE, signal))) : null;
    const sealed = await withPatience(this.#patience(LONG_PATIENCE_MS, signal), () => relay.open(id, shown, signal));
    const header = readHeader(sealed);
    const fileKey = await openHeader(header, opener, this.#opening(PROOF_SHARE, 1, signal));
    const afterHeader = sealed.subarray(header.length);
    const manifest = parseManifest(await openBytes(fileKey, afterHeader), afterHeader.subarray(0, NONCE));
    const { nonce, length } = manifest;
    const stream = await Stream.open(fileKey, nonce);
    const content = { header: sealed.slice(0, header.length), nonce, length, stream };
    const remote = Object.assign(share, { proof: shown, receiptKey: receiptKey(fileKey) });
    return { manifest, content, remote, local: null };
  }

  async #unlockFile({ file, header }: { file: File; header: Header }, opener: Opener, signal: AbortSignal): Promise<Opened> {
    const { manifest, content } = await openLocal(file, header, opener, this.#opening(0, 1, signal));
    return { manifest, content, remote: null, local: content };
  }

  /** Tells of a part of the work of opening, as long as it is wanted. */
  #opening(from: number, to: number, signal: AbortSignal): Progress {
    let told = 0;
    return (share) => {
      if (signal.aborted) fail({ code: "cancelled" });
      const now = performance.now();
      if (now - told < PROGRESS_MS) return;
      told = now;
      this.tell({ type: "opening", share: from + share * (to - from) });
    };
  }

  /** The content's bytes: of a share on a relay, one of the allowed downloads is taken for them. */
  async #content({ content, remote, local }: Opened, signal: AbortSignal): Promise<Content> {
    if (local) return local;
    if (!remote) return fail({ code: "unexpected", detail: "no place" });
    const { relay, id, isSending } = remote;
    const ticket = await this.#takeTicket(remote, signal);
    const total = fileLength(content.header.length, content.length);
    const patience = this.#patience(LONG_PATIENCE_MS, signal);
    return { ...content, source: new RemoteSource(relay, id, hex(ticket), total, patience, isSending) };
  }

  /** The ticket there is, as long as it lasts; else another. */
  async #takeTicket({ relay, id, proof }: Remote, signal: AbortSignal): Promise<Bytes> {
    const take = async (ticket: Bytes) => {
      await this.#call(signal, () => relay.takeTicket(id, proof, hex(sha256(ticket)), signal));
      return ticket;
    };
    try {
      return await take((this.#ticket ??= random(32)));
    } catch (error) {
      // Its time is over, or somebody with the words has taken its place.
      if (!isFailure(error, "ticket_ended")) throw error;
      return take((this.#ticket = random(32)));
    }
  }

  /** Tells how far it is, as long as it is wanted. */
  async *#counted(files: AsyncIterable<Unpacked>, total: number, wanted: AbortSignal): AsyncGenerator<Unpacked, void> {
    let [done, told] = [0, 0];
    const check = () => wanted.aborted && fail({ code: "cancelled" });
    const saved = (bytes: number) => {
      done += bytes;
      this.#progress = { type: "progress", bytes: done, total };
      const now = performance.now();
      if (now - told < PROGRESS_MS) return;
      told = now;
      this.tell(this.#progress);
    };
    const count = async function* (bytes: AsyncIterable<Bytes>): AsyncGenerator<Bytes, void> {
      for await (const piece of bytes) {
        check();
        yield piece;
        saved(piece.length);
      }
    };
    for await (const { entry, bytes } of files) {
      check();
      yield { entry, bytes: count(bytes) };
    }
    this.tell({ type: "progress", bytes: done, total });
  }

  #openedOrFail(): Opened {
    return this.#opened ?? fail({ code: "unexpected", detail: "nothing is unlocked" });
  }

  /** A call to the relay, with patience for a connection that is lost for a moment. */
  #call<T>(signal: AbortSignal, call: () => Promise<T>): Promise<T> {
    return withPatience(this.#patience(CALL_PATIENCE_MS, signal), call);
  }

  #patience(total: number, signal: AbortSignal): Patience {
    const notice = (why: Failure) => {
      // What came just before is not told otherwise, for as long as it waits.
      if (this.#progress) this.tell(this.#progress);
      this.tell({ type: "waiting", why });
    };
    return { total, signal, notice };
  }
}
