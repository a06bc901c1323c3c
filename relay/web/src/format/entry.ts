/** A file or folder of a share, as both the manifest and the tar describe it. */

/** The most bytes of content, and of one file in it. */
export const MAX_LENGTH = Number.MAX_SAFE_INTEGER;

/** One file or folder. */
export interface Entry {
  /** Relative, `/`-separated. */
  path: string;
  folder: boolean;
  /** Bytes; 0 for a folder. */
  size: number;
  /** Last change, in whole seconds since 1970. */
  mtime: number;
  executable: boolean;
  /** Its group and others had no rights to it. */
  private: boolean;
  /** Where its bytes begin in the content. */
  offset: number;
}

/** How many files and folders there are, and how many bytes the files have together. */
export class Totals {
  files = 0;
  folders = 0;
  bytes = 0;

  add({ folder, size }: Entry): void {
    this[folder ? "folders" : "files"] += 1;
    this.bytes += size;
  }
}

/** The rights of a file or folder, as `chmod` takes them. */
export function modeOf(entry: Entry): number {
  const everyones = entry.folder || entry.executable ? 0o755 : 0o644;
  return entry.private ? everyones & 0o700 : everyones;
}
