// Microsoft's Graph client for JavaScript, one createOrGet call a row, as its users write it. Reads the rows as JSON lines from the file of
// its first argument; prints one line of figures. Environment: BENCH_ROOT, BENCH_TOKEN, BENCH_CONCURRENCY, NODE_EXTRA_CA_CERTS.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

// The client is installed in a build folder, not beside this file.
const require = createRequire(process.env.BENCH_MODULES + "/");
const { Client } = require("@microsoft/microsoft-graph-client");

const root = new URL(process.env.BENCH_ROOT);
const client = Client.init({
  baseUrl: root.href,
  customHosts: new Set([root.hostname]),
  authProvider: (done) => done(null, process.env.BENCH_TOKEN),
});
const rows = readFileSync(process.argv[2], "utf8").trimEnd().split("\n").map((line) => JSON.parse(line));

let next = 0;
let wrong = 0;
let failed = 0;
let firstFailure;
async function worker() {
  while (next < rows.length) {
    const row = rows[next++];
    try {
      const meeting = await client.api(`/users/${row.organizer}/onlineMeetings/createOrGet`).post(row.body);
      if (meeting.externalId !== row.body.externalId || !meeting.joinWebUrl) wrong++;
    } catch (reason) {
      // The client used up its retries: an application would have lost the row.
      failed++;
      firstFailure ??= `${reason.statusCode} ${reason.code}: ${reason.message}`;
    }
  }
}

// Reading the rows is not counted.
const cpu = process.cpuUsage();
const start = process.hrtime.bigint();
await Promise.all(Array.from({ length: Number(process.env.BENCH_CONCURRENCY) }, worker));
const seconds = Number(process.hrtime.bigint() - start) / 1e9;
const used = process.cpuUsage(cpu);
console.log(JSON.stringify({ calls: rows.length, seconds, cpu_s: (used.user + used.system) / 1e6, errors: wrong, failed, firstFailure }));
