import { brotliCompressSync, constants } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

const COMPRESSED = /\.(?:html|js|css|svg)$/;

/** Writes a Brotli-compressed copy beside each text file, for a server that compresses nothing itself. */
function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    enforce: "post",
    generateBundle: {
      order: "post",
      handler(_options, bundle) {
        for (const [fileName, file] of Object.entries(bundle)) {
          if (!COMPRESSED.test(fileName)) continue;
          const text = Buffer.from(file.type === "chunk" ? file.code : file.source);
          const params = { [constants.BROTLI_PARAM_SIZE_HINT]: text.length };
          this.emitFile({ type: "asset", fileName: `${fileName}.br`, source: brotliCompressSync(text, { params }) });
        }
      },
    },
  };
}

/** The development server serves the page at the root, at every path. */
const atRoot: Plugin = {
  name: "at-root",
  apply: "serve",
  transformIndexHtml: (html) => html.replace('<base href="./" />', '<base href="/" />'),
};

const server = process.env.DUELCAST_URL ?? "http://127.0.0.1:8069";

export default defineConfig({
  base: "./",
  // The client is linked from its folder, which has a React of its own.
  resolve: { preserveSymlinks: true, dedupe: ["react"] },
  optimizeDeps: { exclude: ["@duelcast/client"] },
  plugins: [compressed(), atRoot],
  build: {
    outDir: "../src/duelcast/http/console",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The server counts on a hash in the name of each asset.
    rolldownOptions: { output: { entryFileNames: "assets/[name]-[hash].js" } },
    reportCompressedSize: false,
  },
  server: { proxy: { "/api": { target: server, ws: true } } },
});
