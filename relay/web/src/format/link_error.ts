/**
 * Why a text is no link, as codes with data. The page reads only the id in its own address, so it has no sentences for
 * these; the vectors hold them to what the CLI says.
 */

/** Why it is no link. */
export type LinkFailure =
  | { code: "link_damaged" | "not_a_link" }
  | { code: "link_hidden" | "link_insecure"; host: string };

/** A text that is no link. */
export class LinkError extends Error {
  override readonly name = "LinkError";

  constructor(readonly failure: LinkFailure) {
    super(failure.code);
  }
}

/** Throws that it is no link. */
export function refuse(failure: LinkFailure): never {
  throw new LinkError(failure);
}
