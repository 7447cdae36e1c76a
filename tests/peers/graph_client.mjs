// Makes calls with Microsoft's Graph client for JavaScript, as its users write them: its standard middleware, and a token of MSAL. Reads
// {root, authority, host, clientId, secret, steps} from standard input and carries out the steps in turn; writes what came of each, as a list.
//
// A step is {method, path, body?, filter?, raw?}, or {batch: [{id, method, path, body?}]}. In it "{NAME}" stands for a value that an earlier step
// kept: `keep` names a member of its answer and the NAME. Of a batch, items that are throttled are sent again after the longest Retry-After.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(process.argv[2] + "/");
const { ConfidentialClientApplication } = require("@azure/msal-node");
const { BatchRequestContent, BatchResponseContent, Client, ResponseType } = require("@microsoft/microsoft-graph-client");

const wanted = JSON.parse(readFileSync(0, "utf8"));
const app = new ConfidentialClientApplication({
  auth: { clientId: wanted.clientId, authority: wanted.authority, knownAuthorities: [wanted.host], clientSecret: wanted.secret },
});
const authProvider = {
  getAccessToken: async () => (await app.acquireTokenByClientCredential({ scopes: [wanted.root + "/.default"] })).accessToken,
};
const client = Client.initWithMiddleware({ baseUrl: wanted.root, customHosts: new Set([new URL(wanted.root).hostname]), authProvider });

const kept = {};
const fill = (text) => text.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(kept[name]));

async function content(answer) {
  const text = await answer.text();
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

// With `raw` the client gives the answer as it came, so that its status is known. Otherwise it reads the answer, and makes an error of a refusal.
async function single(step) {
  let request = client.api(fill(step.path));
  if (step.filter) request = request.filter(fill(step.filter));
  if (step.raw) {
    const answer = await request.responseType(ResponseType.RAW)[step.method](step.body);
    return { status: answer.status, body: await content(answer) };
  }
  try {
    return { body: await request[step.method](step.body) };
  } catch (failure) {
    if (failure.statusCode === undefined || failure.statusCode < 0) throw failure;
    return { status: failure.statusCode, code: failure.code, message: failure.message, requestId: failure.requestId };
  }
}

async function send(items) {
  const steps = items.map((item) => ({
    id: item.id,
    request: new Request(wanted.root + fill(item.path), {
      method: item.method,
      ...(item.body && { headers: { "Content-Type": "application/json" }, body: JSON.stringify(item.body) }),
    }),
  }));
  const body = await new BatchRequestContent(steps).getContent();
  const { responses } = new BatchResponseContent(await client.api("/$batch").post(body));
  const out = {};
  for (const [id, answer] of responses) {
    out[id] = { status: answer.status, retryAfter: answer.headers.get("Retry-After"), body: await content(answer) };
  }
  return out;
}

async function batch(step) {
  const first = await send(step.batch);
  const throttled = step.batch.filter((item) => first[item.id]?.status === 429);
  if (throttled.length === 0) return { first };
  const seconds = Math.max(...throttled.map((item) => Number(first[item.id].retryAfter)));
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  return { first, waited: seconds, again: await send(throttled) };
}

const done = [];
try {
  for (const step of wanted.steps) {
    const result = step.batch ? await batch(step) : await single(step);
    for (const [member, name] of Object.entries(step.keep ?? {})) kept[name] = result.body[member];
    done.push(result);
  }
} catch (failure) {
  process.stderr.write(`step ${done.length + 1}: ${failure.stack}\n`);
  process.exitCode = 1;
}
process.stdout.write(JSON.stringify(done));
