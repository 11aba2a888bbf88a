// Leaves out of an OpenAPI description what no judge reads: prose, examples, tags. The tests load it in each process, and
// three quarters of GitHub's file are prose.
//
// Usage: node slim.mjs FROM TO

import { readFileSync, writeFileSync } from "node:fs";

const PROSE = new Set(["description", "summary", "externalDocs", "tags", "title", "example", "examples", "x-github", "x-octokit"]);

// Below these the keys are names that GitHub gave, not words of OpenAPI: a property may well be called "title".
const NAMES = new Set(["properties", "schemas", "parameters", "responses", "paths", "webhooks", "content", "headers"]);

// Values of the API itself, to be left as they are.
const VALUES = new Set(["enum", "default", "const", "required"]);

function slim(value, keysAreNames) {
  if (Array.isArray(value)) return value.map((item) => slim(item, false));
  if (value === null || typeof value !== "object") return value;
  const kept = {};
  for (const [key, inner] of Object.entries(value)) {
    if (keysAreNames) kept[key] = slim(inner, false);
    else if (VALUES.has(key)) kept[key] = inner;
    else if (!PROSE.has(key)) kept[key] = slim(inner, NAMES.has(key));
  }
  return kept;
}

const [from, to] = process.argv.slice(2);
const all = JSON.parse(readFileSync(from, "utf8"));
delete all["x-webhooks"];
delete all.components.examples;
writeFileSync(to, JSON.stringify(slim(all, false)));
