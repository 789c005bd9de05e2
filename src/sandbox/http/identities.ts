import { createHash, randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { ApiError } from '../../kube/errors.ts';
import type { Identity } from '../server/context.ts';

const TOKEN_BYTES = 32;

/** The bearer tokens of a server and whom they stand for. */
export interface Identities {
  /** A new token. */
  issue(identity: Identity): string;
  /** Who sends a request: the owner of its token, or whom that one impersonates. Throws 401 and 403. */
  identify(headers: IncomingHttpHeaders): Identity;
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

function isAdministrator({ groups }: Identity): boolean {
  return groups?.includes('system:masters') === true;
}

function impersonated(headers: IncomingHttpHeaders, user: Identity): Identity {
  const username = headers['impersonate-user'];
  if (typeof username !== 'string' || username === '') return user;
  if (!isAdministrator(user)) {
    const message = `users "${username}" is forbidden: User "${user.username}" cannot impersonate resource "users" in API group "" at the cluster scope`;
    throw new ApiError(403, 'Forbidden', message, { details: { name: username, kind: 'users' } });
  }
  const given = headers['impersonate-group'];
  const groups = (Array.isArray(given) ? given : (given ?? '').split(',')).map((group) => group.trim());
  return { username, groups: [...groups.filter((group) => group !== ''), 'system:authenticated'] };
}

/** Tokens are kept as hashes: how long a look-up takes says nothing of them. */
export function createIdentities(): Identities {
  const known = new Map<string, Identity>();
  return {
    issue(identity) {
      const token = randomBytes(TOKEN_BYTES).toString('base64url');
      known.set(hashOf(token), identity);
      return token;
    },
    identify(headers) {
      const token = /^Bearer\s+(\S+)$/i.exec(headers.authorization ?? '')?.[1];
      const user = token === undefined ? undefined : known.get(hashOf(token));
      if (user === undefined) throw new ApiError(401, 'Unauthorized', 'Unauthorized');
      return impersonated(headers, user);
    },
  };
}
