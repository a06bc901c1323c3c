/** The bundler brings in text files as they are. */
declare module "*.txt" {
  const text: string;
  export default text;
}
