// Bundles the UI: node build.mjs OUT. Names hold a hash of the content; forms and diagrams are chunks of their own.

import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const out = resolve(process.argv[2] ?? "dist");

/** `import address from "x.css?url"`: a style sheet that is loaded when its chunk is. */
const styleAddresses = {
  name: "style addresses",
  setup({ onResolve, onLoad, resolve: find }) {
    onResolve({ filter: /\.css\?url$/ }, async ({ path, ...from }) => {
      const { path: found, errors } = await find(path.replace("?url", ""), { kind: "import-statement", resolveDir: from.resolveDir });
      return { path: found, errors, namespace: "style-address" };
    });
    onLoad({ filter: /.*/, namespace: "style-address" }, async ({ path }) => {
      const made = await build({ entryPoints: [path], bundle: true, minify: true, write: false, target: "es2022", logLevel: "silent" });
      return { contents: made.outputFiles[0].contents, loader: "file" };
    });
  },
};

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
const { metafile } = await build({
  absWorkingDir: here("."),
  entryPoints: [here("src/main.tsx")],
  outdir: `${out}/assets`,
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  publicPath: "/assets",
  bundle: true,
  splitting: true,
  format: "esm",
  target: "es2022",
  minify: true,
  metafile: true,
  jsx: "automatic",
  jsxImportSource: "preact",
  legalComments: "linked",
  define: { "process.env.NODE_ENV": '"production"' },
  plugins: [styleAddresses],
});
const [script, { cssBundle }] = Object.entries(metafile.outputs).find(([, one]) => one.entryPoint?.endsWith("src/main.tsx"));
const page = await readFile(here("index.html"), "utf8");
await writeFile(`${out}/index.html`, page.replace(
  '<script type="module" src="/src/main.tsx"></script>',
  `<link rel="stylesheet" href="/assets/${basename(cssBundle)}">\n  <script type="module" src="/assets/${basename(script)}"></script>`,
));
await cp(here("public"), out, { recursive: true });
