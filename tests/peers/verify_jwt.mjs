// Verifies a JWT with jose. Reads {jwt, certificate, algorithm, audience, issuer, subject} from standard input; writes its header and claims.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const { importX509, jwtVerify } = await import(pathToFileURL(createRequire(process.argv[2] + "/").resolve("jose")));

const { jwt, certificate, algorithm, audience, issuer, subject } = JSON.parse(readFileSync(0, "utf8"));
try {
  const key = await importX509(certificate, algorithm);
  const { protectedHeader, payload } = await jwtVerify(jwt, key, { algorithms: [algorithm], audience, issuer, subject, requiredClaims: ["jti", "nbf", "exp"] });
  process.stdout.write(JSON.stringify({ header: protectedHeader, claims: payload }));
} catch (failure) {
  process.stderr.write(String(failure) + "\n");
  process.exitCode = 1;
}
