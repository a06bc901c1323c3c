// src/pieces.ts
var READ_BYTES = 256 * 1024;
async function* piecesOf(stream) {
  const reader = stream.getReader();
  try {
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) yield piece.value;
  } finally {
    reader.cancel().catch(() => {
    });
  }
}
function bodyReader(stream) {
  let reader;
  try {
    reader = stream.getReader({ mode: "byob" });
  } catch {
    return stream.getReader();
  }
  let memory = new ArrayBuffer(READ_BYTES);
  const read = async () => {
    const { done, value } = await reader.read(new Uint8Array(memory));
    if (done || !value) return { done: true, value: void 0 };
    memory = value.buffer;
    return { done, value };
  };
  return { read, cancel: (reason) => reader.cancel(reason) };
}

export {
  piecesOf,
  bodyReader
};
