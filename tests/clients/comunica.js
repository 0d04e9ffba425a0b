/* node comunica.js ENDPOINT < QUERY: what Comunica answers, told nothing but the address, as {media type: text}. */
"use strict";
const { readFileSync } = require("node:fs");
const { text } = require("node:stream/consumers");
const { QueryEngine } = require("@comunica/query-sparql");

const TYPES = ["application/sparql-results+json", "application/sparql-results+xml", "text/csv", "text/tab-separated-values"];

// An address that ends in "sparql" is an endpoint to Comunica whatever it says of itself. Here it is to read what it says.
const believeOnlyTheDescription = (engine) => {
  const seen = new Set();
  const waiting = [engine];
  let found = 0;
  while (waiting.length) {
    const part = waiting.pop();
    if (typeof part !== "object" || part === null || seen.has(part)) continue;
    seen.add(part);
    if (part.checkUrlSuffix === true) {
      part.checkUrlSuffix = false;
      found += 1;
    }
    waiting.push(...(part instanceof Map ? part.values() : Object.values(part)));
  }
  if (!found) throw new Error("Comunica has no such switch any more");
};

const main = async () => {
  const [address] = process.argv.slice(2);
  const engine = new QueryEngine();
  believeOnlyTheDescription(engine);
  const query = readFileSync(0, "utf-8");
  const told = {};
  for (const type of TYPES) {
    const answer = await engine.query(query, { sources: [address] });
    told[type] = await text((await engine.resultToString(answer, type)).data);
  }
  process.stdout.write(JSON.stringify(told));
};

main();
