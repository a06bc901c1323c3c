/** libsodium's raw package has no types of its own. */
declare module "libsodium" {
  const start: () => Promise<never>;
  export default start;
}
