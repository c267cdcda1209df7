// The server's token checks (contract section 2) against tokens that are not ours: of oidc-provider,
// which Logto is built on, and of jose. DUEL_AUTH_PROBE, or DUEL_OBJ with its folder of objects, says
// where the program under test is.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { after, before, test } from 'node:test';
import {
  SignJWT, UnsecuredJWT, base64url, decodeProtectedHeader, exportSPKI, importJWK,
} from 'jose';
import { Jwks } from './jwks.mjs';
import { Logto, RESOURCE, makeKey } from './logto.mjs';
import { Probe } from './probe.mjs';

const ISSUER = 'https://auth.framedle.example/oidc';
const now = () => Math.floor(Date.now() / 1000);

let ec, ec2, ec3, rsa, p256, smallRsa;
const probes = [];
const servers = [];

function probe(options) {
  const it = new Probe({ issuer: ISSUER, audience: RESOURCE, ...options });
  probes.push(it);
  return it;
}

async function serve(keys) {
  const jwks = await Jwks.start(keys);
  servers.push(jwks);
  return jwks;
}

/** A probe that has its keys from `jwks`. */
async function ready(jwks, options = {}) {
  const it = probe({ jwksUrl: jwks.url, ...options });
  assert.equal(await it.code(await mint(jwks.keys[0])), 'OK');
  return it;
}

const claims = () => ({
  jti: 'lmR8EV_MjKl-8xPkVcFsR', sub: 'k3v9q1z7m2pd', iat: now(), exp: now() + 3600,
  scope: 'duel:play', client_id: 'app', iss: ISSUER, aud: RESOURCE,
});

async function mint(key, changes = {}, header = {}) {
  const alg = key.kty === 'RSA' ? 'RS256' : key.crv === 'P-256' ? 'ES256' : 'ES384';
  return new SignJWT({ ...claims(), ...changes })
    .setProtectedHeader({ alg, typ: 'at+jwt', kid: key.kid, ...header })
    .sign(await importJWK(key, header.alg ?? alg));
}

before(async () => {
  [ec, ec2, ec3, rsa, p256] = await Promise.all(
    ['ES384', 'ES384', 'ES384', 'RS256', 'ES256'].map(makeKey));
});

after(async () => {
  for (const it of probes) await it.end();
  for (const server of servers) await server.stop();
});

test('tokens of oidc-provider, set as Logto sets it', async (t) => {
  const logto = await Logto.start([ec, rsa], 'ES384');
  servers.push(logto);
  const it = probe({ issuer: logto.issuer, jwksUrl: logto.jwksUrl, scope: 'duel:play' });
  let refresh;

  await t.test('a code for our resource', async () => {
    const grant = await logto.exchange(await logto.code('k3v9q1z7m2pd'), { resource: RESOURCE });
    refresh = grant.refresh_token;
    const header = decodeProtectedHeader(grant.access_token);
    assert.deepEqual(header, { alg: 'ES384', typ: 'at+jwt', kid: ec.kid });
    assert.deepEqual(await it.check(grant.access_token), { code: 'OK', sub: 'k3v9q1z7m2pd' });
    assert.equal(await it.code(grant.id_token), 'AUTH_BAD_TYPE');
  });
  await t.test('a refresh for our resource', async () => {
    const grant = await logto.refresh(refresh, { resource: RESOURCE });
    assert.deepEqual(await it.check(grant.access_token), { code: 'OK', sub: 'k3v9q1z7m2pd' });
    refresh = grant.refresh_token ?? refresh;
  });
  await t.test('without a resource the token is opaque', async () => {
    const exchanged = await logto.exchange(await logto.code('k3v9q1z7m2pd'));
    assert.equal(await it.code(exchanged.access_token), 'AUTH_OPAQUE_TOKEN');
    const refreshed = await logto.refresh(refresh);
    assert.equal(await it.code(refreshed.access_token), 'AUTH_OPAQUE_TOKEN');
  });
  await t.test('a machine is no player', async () => {
    const grant = await logto.machine();
    assert.equal(await it.code(grant.access_token), 'AUTH_MACHINE_TOKEN');
  });
});

test('a Logto that signs with RSA', async () => {
  const logto = await Logto.start([rsa], undefined);
  servers.push(logto);
  const it = probe({ issuer: logto.issuer, jwksUrl: logto.jwksUrl });
  const grant = await logto.exchange(await logto.code('user-of-rsa'), { resource: RESOURCE });
  assert.equal(decodeProtectedHeader(grant.access_token).alg, 'RS256');
  assert.deepEqual(await it.check(grant.access_token), { code: 'OK', sub: 'user-of-rsa' });
});

test('every refusal', async (t) => {
  const jwks = await serve([ec, rsa, p256, { kty: 'OKP', crv: 'Ed25519', kid: 'ed', x: 'AAAA' }]);
  const it = await ready(jwks);
  const pem = await exportSPKI(await importJWK({ kty: 'EC', crv: ec.crv, x: ec.x, y: ec.y }, 'ES384',
    { extractable: true }));
  const good = await mint(ec);
  const [head, body, signature] = good.split('.');
  const sign = (changes, header) => () => mint(ec, changes, header);
  const hs256 = (secret, alg = 'HS256') => () => new SignJWT(claims())
    .setProtectedHeader({ alg, typ: 'at+jwt', kid: ec.kid }).sign(new TextEncoder().encode(secret));
  const flipped = base64url.decode(signature);
  flipped[50] ^= 1;

  const cases = [
    ['OK', 'a good one', () => good],
    ['OK', 'RS256', () => mint(rsa)],
    ['OK', 'an array of audiences', sign({ aud: ['https://other.example', RESOURCE] })],
    ['OK', 'expired within the leeway', sign({ exp: now() - 50 })],
    ['OK', 'issued within the leeway', sign({ iat: now() + 50 })],
    ['OK', 'times with fractions', sign({ iat: now() - 0.5, exp: now() + 60.25 })],
    ['OK', 'the long media type', sign({}, { typ: 'application/at+jwt' })],
    ['OK', 'claims of a custom script', sign({ roles: ['admin'], nested: { a: [1, { b: null }] } })],
    ['AUTH_EXPIRED', 'expired', sign({ exp: now() - 70 })],
    ['AUTH_NOT_YET_VALID', 'issued in the future', sign({ iat: now() + 90 })],
    ['AUTH_NOT_YET_VALID', 'not before the future', sign({ nbf: now() + 90 })],
    ['AUTH_MALFORMED_TOKEN', 'without exp', sign({ exp: undefined })],
    ['AUTH_BAD_ISSUER', 'another issuer', sign({ iss: 'https://auth.framedle.example' })],
    ['AUTH_BAD_AUDIENCE', 'another audience', sign({ aud: 'https://other.example' })],
    ['AUTH_BAD_AUDIENCE', 'an organization', sign({ aud: 'urn:logto:organization:x' })],
    ['AUTH_BAD_AUDIENCE', 'no audience', sign({ aud: undefined })],
    ['AUTH_BAD_SUBJECT', 'nobody', sign({ sub: undefined })],
    ['AUTH_BAD_SUBJECT', 'a long name', sign({ sub: 'x'.repeat(65) })],
    ['AUTH_MACHINE_TOKEN', 'an application', sign({ sub: 'app' })],
    ['AUTH_BAD_TYPE', 'a plain JWT', sign({}, { typ: 'JWT' })],
    ['AUTH_BAD_TYPE', 'no type', sign({}, { typ: undefined })],
    ['AUTH_BAD_ALGORITHM', 'HS256 with the public key', hs256(pem)],
    ['AUTH_BAD_ALGORITHM', 'HS256 with the JWK', hs256(JSON.stringify(ec))],
    ['AUTH_BAD_ALGORITHM', 'HS384', hs256('x'.repeat(48), 'HS384')],
    ['AUTH_BAD_ALGORITHM', 'PS256 with our RSA key', () => mint(rsa, {}, { alg: 'PS256' })],
    ['AUTH_BAD_ALGORITHM', 'RS512 with our RSA key', () => mint(rsa, {}, { alg: 'RS512' })],
    ['AUTH_BAD_ALGORITHM', 'ES384 under the RSA kid', sign({}, { kid: rsa.kid })],
    ['AUTH_BAD_ALGORITHM', 'RS256 under the EC kid', () => mint(rsa, {}, { kid: ec.kid })],
    ['AUTH_BAD_ALGORITHM', 'ES256', () => mint(p256)],
    ['AUTH_BAD_TYPE', 'unsecured', () => new UnsecuredJWT(claims()).encode()],
    ['AUTH_BAD_ALGORITHM', 'unsecured at+jwt', () => `${base64url.encode(
      JSON.stringify({ alg: 'none', typ: 'at+jwt', kid: ec.kid }))}.${body}.`],
    ['AUTH_BAD_SIGNATURE', 'another key under our kid', () => mint(ec2, {}, { kid: ec.kid })],
    ['AUTH_BAD_SIGNATURE', 'a bit of the signature', () =>
      `${head}.${body}.${base64url.encode(flipped)}`],
    ['AUTH_BAD_SIGNATURE', 'no signature', () => `${head}.${body}.`],
    ['AUTH_BAD_SIGNATURE', 'another payload', () => `${head}.${base64url.encode(
      JSON.stringify({ ...claims(), sub: 'admin' }))}.${signature}`],
    ['AUTH_MALFORMED_TOKEN', 'padding', () => `${good}=`],
    ['AUTH_MALFORMED_TOKEN', 'not base64url', () => good.replace('.', '.+')],
    ['AUTH_MALFORMED_TOKEN', 'not JSON', () => 'a2F0.a2F0.a2F0'],
    ['AUTH_OPAQUE_TOKEN', 'opaque', () => 'v1StGXR8Z5jdHi6BmyTlmR8EVMjKl8xPkVcFsRabcde'],
    ['AUTH_OPAQUE_TOKEN', 'one dot', () => `${head}.${body}`],
    ['AUTH_OPAQUE_TOKEN', 'encrypted', () => `${head}.${body}.${signature}.AAAA.AAAA`],
    ['AUTH_TOKEN_TOO_LONG', 'too long', sign({ pad: 'x'.repeat(3000) })],
    ['AUTH_REQUIRED', 'nothing', () => ''],
  ];
  for (const [code, name, make] of cases) {
    await t.test(`${code}: ${name}`, async () => assert.equal(await it.code(await make()), code));
  }
  await t.test('none of them caused a fetch, none is in the log', () => {
    assert.equal(jwks.hits, 1);
    assert.doesNotMatch(it.errors, /eyJ/);
  });
});

test('a scope that is asked for', async () => {
  const it = await ready(await serve([ec]), { scope: 'duel:play' });
  assert.equal(await it.code(await mint(ec, { scope: 'openid duel:play' })), 'OK');
  assert.equal(await it.code(await mint(ec, { scope: 'openid' })), 'AUTH_BAD_SCOPE');
  assert.equal(await it.code(await mint(ec, { scope: undefined })), 'AUTH_BAD_SCOPE');
});

test('a key that is too small is not used', async () => {
  const { generateKeyPairSync } = await import('node:crypto');
  smallRsa = { ...generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey
    .export({ format: 'jwk' }), kid: 'small', use: 'sig' };
  const it = await ready(await serve([ec, smallRsa]));
  const { createSign } = await import('node:crypto');
  const text = `${base64url.encode(JSON.stringify({ alg: 'RS256', typ: 'at+jwt', kid: 'small' }))}.` +
    base64url.encode(JSON.stringify(claims()));
  const signature = createSign('sha256').update(text)
    .sign({ key: smallRsa, format: 'jwk' }, 'base64url');
  assert.equal(await it.code(`${text}.${signature}`), 'AUTH_UNKNOWN_KEY');
});

test('a rotated key is fetched once, and unknown ones no more', async () => {
  const jwks = await serve([ec]);
  const it = await ready(jwks);
  assert.equal(jwks.hits, 1);
  jwks.keys = [ec2, ec];
  const tokens = await Promise.all([1, 2, 3, 4, 5].map(() => mint(ec2)));
  const codes = await Promise.all(tokens.map((token) => it.code(token)));
  assert.deepEqual(new Set(codes), new Set(['OK']));
  assert.equal(await it.code(await mint(ec)), 'OK', 'the previous key stays good');
  assert.equal(jwks.hits, 2);
  for (let i = 0; i < 50; i++) {
    assert.equal(await it.code(await mint(ec3, {}, { kid: `junk-${i}` })), 'AUTH_UNKNOWN_KEY');
  }
  jwks.keys = [ec3, ec2];
  assert.equal(await it.code(await mint(ec3)), 'AUTH_UNKNOWN_KEY', 'not again within 30 s');
  assert.equal(jwks.hits, 2);
});

test('Logto is away at the start, and then there', async () => {
  const jwks = await serve([ec]);
  jwks.mode = '500';
  const it = probe({ jwksUrl: jwks.url });
  await jwks.asked(1);
  assert.equal(await it.code(await mint(ec)), 'AUTH_UNAVAILABLE');
  assert.equal(await it.code('opaque'), 'AUTH_OPAQUE_TOKEN');
  assert.equal(await it.hasKeys(), false);
  jwks.mode = 'ok';
  while (!(await it.hasKeys())) await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(await it.code(await mint(ec)), 'OK');
  assert.match(it.errors, /HTTP status 500/);
});

test('an outage leaves the last good keys', async (t) => {
  const directory = await mkdtemp(`${tmpdir()}/duel-jwks-`);
  const modes = ['500', 'garbage', 'empty', 'big', 'big chunked', 'short', 'circle',
    'redirect to a file', 'closed'];
  for (const mode of modes) {
    await t.test(mode, async () => {
      const jwks = await serve([ec]);
      const it = await ready(jwks);
      jwks.keys = [ec2, ec]; // what it must not believe in this form
      jwks.file = `${directory}/jwks`;
      await writeFile(jwks.file, jwks.body);
      if (mode === 'closed') await jwks.stop();
      else jwks.mode = mode;
      assert.equal(await it.code(await mint(ec2)), 'AUTH_UNKNOWN_KEY');
      assert.equal(await it.code(await mint(ec)), 'OK');
      assert.equal(await it.hasKeys(), true);
    });
  }
  await rm(directory, { recursive: true });
});

test('ways that work', async (t) => {
  for (const mode of ['chunked', 'redirect']) {
    await t.test(mode, async () => {
      const jwks = await serve([ec]);
      jwks.mode = mode;
      await ready(jwks);
    });
  }
});

test('a fetch that hangs holds up only those who need it', async () => {
  const jwks = await serve([ec]);
  const it = await ready(jwks);
  jwks.mode = 'hang';
  let answered = false;
  const unknown = it.code(await mint(ec2)).then((code) => {
    answered = true;
    return code;
  });
  await jwks.asked(2);
  assert.equal(await it.code(await mint(ec)), 'OK');
  assert.equal(await it.code(await mint(rsa, {}, { alg: 'PS256' })), 'AUTH_BAD_ALGORITHM');
  assert.equal(answered, false);
  assert.equal(await unknown, 'AUTH_UNKNOWN_KEY'); // when the fetch has timed out
  assert.equal(jwks.hits, 2);
});

test('it ends cleanly whatever is under way', async (t) => {
  for (const workerFirst of [false, true]) {
    await t.test(workerFirst ? 'worker first' : 'auth first', async () => {
      const jwks = await serve([ec]);
      const it = await ready(jwks, { workerFirst });
      jwks.mode = 'hang';
      it.code(await mint(ec2)).catch(() => {});
      await jwks.asked(2);
      const good = await mint(ec);
      for (let i = 0; i < 50; i++) it.code(good).catch(() => {});
      assert.equal(await it.end(), 0, it.errors);
      assert.ok(it.ended);
    });
  }
});

test('all probes end well', async () => {
  for (const it of probes) {
    assert.equal(await it.end(), 0, it.errors);
    assert.doesNotMatch(it.errors, /eyJ/, 'no token in the log');
  }
});
