/** The part of libsodium's raw interface that is used here. Addresses are places in `HEAPU8`. */
declare module "libsodium" {
  interface Sodium {
    HEAPU8: Uint8Array;
    _malloc(bytes: number): number;
    _crypto_aead_chacha20poly1305_ietf_decrypt(...args: number[]): number;
  }
  const start: () => Promise<Sodium>;
  export default start;
}
