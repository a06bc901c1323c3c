/** scrypt in WebAssembly, in a file of its own: it is only loaded when it is used. */

export { scrypt } from "hash-wasm";
