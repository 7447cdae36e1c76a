// Signs in with Microsoft's MSAL for Node, as an app. Reads {authority, host, clientId, scope, secret | certificate} from standard input
// and writes {accessToken, expiresOn}.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const { ConfidentialClientApplication } = createRequire(process.argv[2] + "/")("@azure/msal-node");

const wanted = JSON.parse(readFileSync(0, "utf8"));
const auth = { clientId: wanted.clientId, authority: wanted.authority, knownAuthorities: [wanted.host] };
if (wanted.secret) auth.clientSecret = wanted.secret;
if (wanted.certificate) auth.clientCertificate = wanted.certificate;

try {
  const { accessToken, expiresOn } = await new ConfidentialClientApplication({ auth }).acquireTokenByClientCredential({ scopes: [wanted.scope] });
  process.stdout.write(JSON.stringify({ accessToken, expiresOn }));
} catch (failure) {
  process.stderr.write(String(failure) + "\n");
  process.exitCode = 1;
}
