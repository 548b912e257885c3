// oauth2-mock-server as an issuer outside: says where it is, then signs one token for each line of claims.
import { createInterface } from 'node:readline';
import { OAuth2Server } from 'oauth2-mock-server';

const server = new OAuth2Server();
await server.issuer.keys.generate('RS256');
await server.start(0, '127.0.0.1');
console.log(JSON.stringify({ issuer: server.issuer.url, port: server.address().port }));

for await (const line of createInterface({ input: process.stdin })) {
  const { claims, rotate } = JSON.parse(line);
  if (rotate) await server.issuer.keys.generate('RS256');
  const token = await server.issuer.buildToken({
    scopesOrTransform: (_header, payload) => Object.assign(payload, claims),
    expiresIn: 120,
  });
  console.log(JSON.stringify({ token }));
}
await server.stop();
