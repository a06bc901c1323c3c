/** One share being opened: from its status to the receipt. Reads like `share get`. */

import { fail, isFailure, part, type Failure } from "../failure.ts";
import { concat, hex, random, type Bytes } from "../format/bytes.ts";
import { openCipher } from "../format/cipher.ts";
import { MAX_HEADER_BYTES, openHeader, readHeader, type Header, type Opener } from "../format/header.ts";
import { parseManifest, type Manifest } from "../format/manifest.ts";
import { proof, receiptKey, receiptMac, type HowSaved } from "../format/proof.ts";
import { scrypt, type Progress } from "../format/scrypt.ts";
import { sha256 } from "../format/sha256.ts";
import { Fingerprint, NONCE, openBytes, Stream } from "../format/stream.ts";
import { unpack, type Unpacked } from "../format/unpack.ts";
import { RemoteShare, type ShareStatus } from "../relay/api.ts";
import { LONG_PATIENCE_MS, withPatience, type Patience } from "../relay/backoff.ts";
import { fileLength, readAll, type Content } from "../relay/download.ts";
import { RemoteSource } from "../relay/source.ts";
import { entriesOf, selected, singleFile, zipName, type Again, type Plan, type SaveAs, type Saved, type Selection, type Target } from "../saving/plan.ts";
import { openLocal } from "./local.ts";
import type { Calls, Event } from "./protocol.ts";

/** How long a lost connection may last before a small call fails. */
const CALL_PATIENCE_MS = 30_000;
/** The part of the work of opening a share that its proof is: 2^15 of that and 2^17. */
const PROOF_SHARE = 1 / 5;
/** The longest file that is given out in one piece. */
const READ_LIMIT = 16 * 1024 * 1024;
/** The least time between two events of progress. */
const PROGRESS_MS = 100;

/** A share, or an age file on disk, that has been opened. */
interface Opened {
  manifest: Manifest;
  /** `null` for a file on disk, which needs no receipt. */
  receiptKey: Uint8Array | null;
  /** The content's bytes. Of a share, one of the allowed downloads is taken for them. */
  content(signal: AbortSignal): Promise<Content>;
}

/** The state of one share; carries out the calls of the page. */
export class Session implements Calls {
  #place: RemoteShare | { file: File; header: Header } | null = null;
  #opened: Opened | null = null;
  #ticket: Bytes | null = null;
  /** Sends the receipt for what was saved last. Gives until when its ticket lasts; `null` once it has ended. */
  #sendReceipt: ((signal: AbortSignal, saved?: HowSaved) => Promise<number | null>) | null = null;
  /** How far saving is. */
  #progress: Event | null = null;

  constructor(readonly tell: (event: Event) => void) {}

  async open({ relay, id }: { relay: string; id: string }, signal: AbortSignal): Promise<ShareStatus> {
    const share = this.#place instanceof RemoteShare ? this.#place : new RemoteShare(relay, id);
    // The words may be given before the relay has answered.
    this.#place ??= share;
    return this.#call(signal, () => share.status(signal));
  }

  async openFile({ file }: { file: File }): Promise<{ kind: "words" | "keys" }> {
    const header = readHeader(new Uint8Array(await file.slice(0, MAX_HEADER_BYTES).arrayBuffer()));
    this.#place = { file, header };
    return { kind: header.kind };
  }

  async unlock(typed: { words: string } | { identities: string }, signal: AbortSignal): Promise<Manifest> {
    const place = this.#place ?? fail({ code: "unexpected", detail: "nothing is open" });
    const opener: Opener =
      "words" in typed ? { passphrase: typed.words } : { identities: (await part(import("../format/identity.ts"))).readIdentities(typed.identities) };
    if (place instanceof RemoteShare) {
      this.#opened = await this.#unlockShare(place, opener, signal);
    } else {
      const { manifest, content } = await openLocal(place.file, place.header, opener, this.#opening(0, 1, signal));
      this.#opened = { manifest, receiptKey: null, content: async () => content };
    }
    return this.#opened.manifest;
  }

  /** Has scrypt and the cipher do a little, which loads them. */
  async prepare(): Promise<void> {
    await Promise.all([scrypt(new Uint8Array(1), new Uint8Array(1), 1, () => {}), openCipher(new Uint8Array(32))]);
  }

  async plan({ selection, saveAs }: { selection: Selection; saveAs: SaveAs }): Promise<Plan> {
    const { manifest } = this.#openedOrFail();
    const single = singleFile(manifest, selection);
    if (single) return { name: single.path.slice(single.path.lastIndexOf("/") + 1), isZip: false, bytes: single.size };
    if (saveAs === "folder") return { name: zipName(manifest), isZip: false, bytes: null };
    const zip = await part(import("../saving/zip.ts"));
    zip.checkCount(manifest);
    const entries = entriesOf(manifest, selection);
    // If there are too many entries to list, their names are not known.
    return { name: zipName(manifest), isZip: true, bytes: entries.length > 0 ? zip.zipLength(entries) : null };
  }

  async save({ selection, target }: { selection: Selection; target: Target }, signal: AbortSignal): Promise<Saved> {
    const { manifest, receiptKey, content } = this.#openedOrFail();
    const isWhole = selection === "all";
    const entries = entriesOf(manifest, selection);
    const fingerprint = new Fingerprint();
    this.#progress = null;
    const total = isWhole ? manifest.bytes : entries.reduce((sum, { size }) => sum + size, 0);
    const { openTarget } = await part(import("../saving/target.ts"));
    // The target is opened before a ticket is taken: one that cannot be written to costs no download.
    const put = await openTarget(target, total, signal);
    const over = new AbortController();
    const wanted = AbortSignal.any([signal, over.signal]);
    const files = async function* (this: Session): AsyncGenerator<Unpacked, void> {
      const found = await content(wanted);
      yield* this.#counted(isWhole ? unpack(readAll(found, fingerprint), manifest) : selected(found, entries), total, wanted);
    }.bind(this);
    // If saving fails in the middle, this closes the connection.
    const saved = await put(files(), singleFile(manifest, selection) !== null).finally(() => over.abort());
    const isPlaced = target.way === "file" || target.way === "folder";
    if (isWhole && receiptKey) this.#haveReceipt(receiptKey, fingerprint.finish(), isPlaced ? "disk" : "browser");
    const receipt = isWhole && receiptKey ? "due" : "none";
    return { way: target.way, outcome: isPlaced ? "placed" : "given", bytes: total, receipt, ...saved };
  }

  async read({ place }: { place: number | null }, signal: AbortSignal): Promise<{ bytes: Bytes }> {
    const { manifest, content } = this.#openedOrFail();
    const entry = singleFile(manifest, place === null ? "all" : [place]) ?? fail({ code: "unexpected", detail: "no file" });
    if (entry.size > READ_LIMIT) fail({ code: "too_large_for_memory", bytes: entry.size, limit: READ_LIMIT });
    this.#progress = null;
    const pieces: Bytes[] = [];
    for await (const { bytes } of selected(await content(signal), [entry])) {
      for await (const piece of bytes) pieces.push(piece.slice());
    }
    return { bytes: concat(...pieces) };
  }

  async receipt(_: null, signal: AbortSignal): Promise<Again | null> {
    const share = this.#place;
    const until = (await this.#sendReceipt?.(signal)) ?? null;
    if (until === null || !(share instanceof RemoteShare)) return null;
    const { now } = await this.#call(signal, () => share.status(signal));
    return { until, seconds: Math.max(0, until - now) };
  }

  async confirm(_: null, signal: AbortSignal): Promise<null> {
    await this.#sendReceipt?.(signal, "confirmed");
    return null;
  }

  /** From now on there is a receipt to send for what was saved with the present ticket. */
  #haveReceipt(key: Uint8Array, fingerprint: Uint8Array, howSaved: HowSaved): void {
    const [share, ticket] = [this.#place, this.#ticket];
    if (!(share instanceof RemoteShare) || !ticket) return;
    this.#sendReceipt = async (signal, saved = howSaved) => {
      const time = Math.floor(Date.now() / 1000);
      const mac = hex(receiptMac(key, sha256(ticket), fingerprint, BigInt(time), saved));
      const until = await this.#call(signal, () => share.receipt(hex(ticket), { fingerprint: hex(fingerprint), time, saved, mac }, signal));
      // Saving again takes another ticket.
      if (until === null) [this.#sendReceipt, this.#ticket] = [null, null];
      return until;
    };
  }

  async #unlockShare(share: RemoteShare, opener: Opener, signal: AbortSignal): Promise<Opened> {
    const shown = "passphrase" in opener ? hex(await proof(opener.passphrase, share.id, this.#opening(0, PROOF_SHARE, signal))) : null;
    const sealed = await withPatience(this.#patience(LONG_PATIENCE_MS, signal), () => share.open(shown, signal));
    const header = readHeader(sealed);
    const fileKey = await openHeader(header, opener, this.#opening(PROOF_SHARE, 1, signal));
    const afterHeader = sealed.subarray(header.length);
    const manifest = parseManifest(await openBytes(fileKey, afterHeader), afterHeader.subarray(0, NONCE));
    const { nonce, length } = manifest;
    const about = { header: sealed.slice(0, header.length), nonce, length, stream: await Stream.open(fileKey, nonce) };
    const content = async (signal: AbortSignal) => {
      const ticket = await this.#takeTicket(share, shown, signal);
      const total = fileLength(header.length, length);
      return { ...about, source: new RemoteSource(share, hex(ticket), total, this.#patience(LONG_PATIENCE_MS, signal)) };
    };
    return { manifest, receiptKey: receiptKey(fileKey), content };
  }

  /** Takes the ticket there is, as long as it lasts; else another. */
  async #takeTicket(share: RemoteShare, proof: string | null, signal: AbortSignal): Promise<Bytes> {
    const take = async (ticket: Bytes) => {
      await this.#call(signal, () => share.takeTicket(proof, hex(sha256(ticket)), signal));
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

  /** Tells of a part of the work of opening, as long as it is wanted. */
  #opening(from: number, to: number, signal: AbortSignal): Progress {
    const isTime = throttle(PROGRESS_MS);
    return (share) => {
      if (signal.aborted) fail({ code: "cancelled" });
      if (isTime()) this.tell({ type: "opening", share: from + share * (to - from) });
    };
  }

  /** Tells how far it is, as long as it is wanted. */
  async *#counted(files: AsyncIterable<Unpacked>, total: number, wanted: AbortSignal): AsyncGenerator<Unpacked, void> {
    const isTime = throttle(PROGRESS_MS);
    let done = 0;
    const check = () => wanted.aborted && fail({ code: "cancelled" });
    const count = async function* (this: Session, bytes: AsyncIterable<Bytes>): AsyncGenerator<Bytes, void> {
      for await (const piece of bytes) {
        check();
        yield piece;
        done += piece.length;
        this.#progress = { type: "progress", bytes: done, total };
        if (isTime()) this.tell(this.#progress);
      }
    };
    for await (const { entry, bytes } of files) {
      check();
      yield { entry, bytes: count.call(this, bytes) };
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
      // The last progress may not have been told yet, because of the throttle.
      if (this.#progress) this.tell(this.#progress);
      this.tell({ type: "waiting", why });
    };
    return { total, signal, notice };
  }
}

/** Whether so much time has gone by since this was last true. */
function throttle(ms: number): () => boolean {
  let last = 0;
  return () => {
    const now = performance.now();
    if (now - last < ms) return false;
    last = now;
    return true;
  };
}
