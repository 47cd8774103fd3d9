// A rehearsal in a link: the document behind the `#`, the part of an address that a browser sends to nobody.
//
// `allswell rehearse --open` writes the same: compressed (zlib, RFC 1950), then as base64url without padding (RFC 4648, section 5).

/** What a document may grow to: anybody may have written the link. */
const BYTES_MAX = 32 * 1024 * 1024;

/** What stands behind the `#` for this document. */
export async function pack(text: string): Promise<string> {
  const bytes = await collect(new Blob([text]).stream().pipeThrough(new CompressionStream("deflate")));
  const base64 = btoa(bytes.reduce((all, byte) => all + String.fromCharCode(byte), ""));
  return base64.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** The document of what stands behind the `#`; fails for what {@link pack} did not make. */
export async function unpack(packed: string): Promise<string> {
  const bytes = Uint8Array.from(atob(packed.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
  return new TextDecoder().decode(await collect(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))));
}

async function collect(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for (const reader = stream.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > BYTES_MAX) {
      await reader.cancel();
      throw new RangeError(`more than ${BYTES_MAX} bytes`);
    }
    parts.push(value);
  }
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
