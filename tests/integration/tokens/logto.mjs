// A Logto of our own: npm's oidc-provider, the engine that Logto is built on, set as Logto sets it
// (resource indicators, at+jwt access tokens, no resource of the grant unless it is asked for again).
import { createServer } from 'node:http';
import { exportJWK, generateKeyPair, calculateJwkThumbprint } from 'jose';
import Provider from 'oidc-provider';

export const RESOURCE = 'https://api.framedle.example';
const CLIENT = 'abcdefghijklmnopqrstu';
const SECRET = 'not a secret';
const REDIRECT = 'https://framedle.example/callback';

/** A private JWK with the kid that Logto gives it: the RFC 7638 thumbprint. */
export async function makeKey(alg) {
  const { privateKey } = await generateKeyPair(alg, { extractable: true, modulusLength: 2048 });
  const jwk = await exportJWK(privateKey);
  return { ...jwk, kid: await calculateJwkThumbprint(jwk), use: 'sig' };
}

function configuration(keys, alg) {
  return {
    jwks: { keys },
    clients: [
      {
        client_id: CLIENT,
        client_secret: SECRET,
        redirect_uris: [REDIRECT],
        grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
        token_endpoint_auth_method: 'client_secret_post',
        ...(alg === undefined ? {} : { id_token_signed_response_alg: alg }),
      },
    ],
    cookies: { keys: ['cookies of a test'] },
    scopes: ['openid', 'offline_access', 'profile'],
    pkce: { required: () => false },
    enabledJWA: { idTokenSigningAlgValues: ['RS256', 'PS256', 'ES256', 'ES384', 'ES512'] },
    findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
    issueRefreshToken: () => true,
    ttl: { AccessToken: 3600, ClientCredentials: 3600, AuthorizationCode: 60, RefreshToken: 3600,
      IdToken: 3600, Grant: 3600 },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      userinfo: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => undefined,
        useGrantedResource: () => false,
        getResourceServerInfo: () => ({
          scope: 'duel:play',
          accessTokenTTL: 3600,
          accessTokenFormat: 'jwt',
          ...(alg === undefined ? {} : { jwt: { sign: { alg } } }),
        }),
      },
    },
  };
}

export class Logto {
  /** `alg` undefined: oidc-provider's default, as Logto leaves it with an RSA key. */
  static async start(keys, alg) {
    const logto = new Logto();
    logto.server = createServer((request, response) => {
      request.originalUrl = request.url;
      request.url = request.url.replace(/^\/oidc/, '');
      logto.answer(request, response);
    });
    await new Promise((resolve) => logto.server.listen(0, '127.0.0.1', resolve));
    logto.endpoint = `http://127.0.0.1:${logto.server.address().port}`;
    logto.issuer = `${logto.endpoint}/oidc`;
    logto.jwksUrl = `${logto.issuer}/jwks`;
    logto.provider = new Provider(logto.issuer, configuration(keys, alg));
    logto.answer = logto.provider.callback();
    return logto;
  }

  stop() {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }

  async #grant(sub) {
    const grant = new this.provider.Grant({ accountId: sub, clientId: CLIENT });
    grant.addOIDCScope('openid offline_access');
    grant.addResourceScope(RESOURCE, 'duel:play');
    return grant.save();
  }

  /** What /authorize leaves behind once somebody has signed in. */
  async code(sub) {
    const client = await this.provider.Client.find(CLIENT);
    const code = new this.provider.AuthorizationCode({
      client,
      accountId: sub,
      grantId: await this.#grant(sub),
      redirectUri: REDIRECT,
      scope: 'openid offline_access duel:play',
      resource: [RESOURCE],
      gty: 'authorization_code',
    });
    return code.save();
  }

  async #token(form) {
    const response = await fetch(`${this.issuer}/token`, {
      method: 'POST',
      body: new URLSearchParams({ client_id: CLIENT, client_secret: SECRET, ...form }),
    });
    const body = await response.json();
    if (response.status !== 200) throw new Error(JSON.stringify(body));
    return body;
  }

  exchange(code, more = {}) {
    return this.#token({ grant_type: 'authorization_code', code, redirect_uri: REDIRECT, ...more });
  }

  refresh(token, more = {}) {
    return this.#token({ grant_type: 'refresh_token', refresh_token: token, ...more });
  }

  machine() {
    return this.#token({ grant_type: 'client_credentials', resource: RESOURCE, scope: 'duel:play' });
  }
}
