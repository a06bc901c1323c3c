/** A file or folder of a share, as both the manifest and the tar describe it. */

/** Bytes of content. */
export const MAX_LENGTH = Number.MAX_SAFE_INTEGER;

/** One file or folder. */
export interface Entry {
  /** Relative, `/`-separated. */
  path: string;
  folder: boolean;
  /** Bytes; of a folder 0. */
  size: number;
  /** Last change, in whole seconds since 1970. */
  mtime: number;
  executable: boolean;
  /** Its group and others had no rights to it. */
  private: boolean;
  /** Where its bytes begin in the content. */
  offset: number;
}

/** The rights of a file or folder, as `chmod` takes them. */
export function modeOf(entry: Entry): number {
  const everyones = entry.folder || entry.executable ? 0o755 : 0o644;
  return entry.private ? everyones & 0o700 : everyones;
}
