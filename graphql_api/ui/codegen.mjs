// Writes src/operations.ts: the types of the schema and of every operation, and the operations as text.

import { readFileSync, writeFileSync } from "node:fs";
import { codegen } from "@graphql-codegen/core";
import * as operations from "@graphql-codegen/typescript-operations";
import * as documents from "@graphql-codegen/typed-document-node";
import { parse } from "graphql";

const scalars = { UUID: "string", EngineKey: "string", DateTime: "string", JSON: "any" };
const source = new URL("src/operations.graphql", import.meta.url);
const text = await codegen({
  filename: "operations.ts",
  schema: parse(readFileSync(new URL("../schema.graphql", import.meta.url), "utf8")),
  documents: [{ location: source.pathname, document: parse(readFileSync(source, "utf8")) }],
  config: { scalars, documentMode: "string", useTypeImports: true, enumsAsTypes: true, skipTypename: true,
    strictScalars: true, dedupeFragments: true },
  plugins: [{ operations: {} }, { documents: {} }],
  pluginMap: { operations, documents },
});
writeFileSync(new URL("src/operations.ts", import.meta.url), `// Made by codegen.mjs; do not edit.\n${text.trimEnd()}\n`);
