// How the console is built: `dist/` holds what the server embeds, each file with its compressed copies beside it.
//
// Addresses in it are relative: the server puts `<base>` into the page, so it works below any path a proxy gives it.

import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

/** Files that shrink by compression; fonts and pictures are compressed already. */
const TEXT = /\.(html|js|css|svg)$/;

/** Writes `FILE.br` and `FILE.gz` beside every text, so that the server never compresses. */
function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    generateBundle: {
      order: "post",
      handler(_, bundle) {
        for (const [name, file] of Object.entries(bundle)) {
          if (!TEXT.test(name)) continue;
          const text = Buffer.from(file.type === "chunk" ? file.code : file.source);
          const quality = { [constants.BROTLI_PARAM_QUALITY]: 11 };
          this.emitFile({ type: "asset", fileName: `${name}.br`, source: brotliCompressSync(text, { params: quality }) });
          this.emitFile({ type: "asset", fileName: `${name}.gz`, source: gzipSync(text, { level: 9 }) });
        }
      },
    },
  };
}

/** The server that `npm run dev` asks for data. */
const server = process.env.ALLSWELL_SERVER ?? "http://127.0.0.1:7878";

export default defineConfig({
  base: "./",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: {
    host: "127.0.0.1",
    port: 5173,
    proxy: Object.fromEntries(["/api", "/plain", "/assets/icon.svg", "/heartbeat", "/health", "/ready"].map((path) => [path, server])),
  },
  plugins: [compressed()],
});
