import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** A certificate and its key, both PEM. */
export interface CertificatePair {
  cert: string;
  key: string;
}

const DAY_MS = 86_400_000;
const VALID_DAYS = 365;

/** DER tags of X.690, and the context tags that X.509 uses. */
const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8: 0x0c,
  utcTime: 0x17,
  sequence: 0x30,
  set: 0x31,
  version: 0xa0,
  extensions: 0xa3,
  dnsName: 0x82,
  ipAddress: 0x87,
} as const;

function tagged(tag: number, ...contents: Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  if (content.length < 0x80) return Buffer.concat([Buffer.from([tag, content.length]), content]);
  const length = content.length < 0x100 ? [0x81, content.length] : [0x82, content.length >> 8, content.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

function sequence(...contents: Buffer[]): Buffer {
  return tagged(TAG.sequence, ...contents);
}

function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const arc of rest) {
    const groups = [arc & 0x7f];
    for (let left = arc >> 7; left > 0; left >>= 7) groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return tagged(TAG.oid, Buffer.from(bytes));
}

function utcTime(milliseconds: number): Buffer {
  const digits = new Date(milliseconds)
    .toISOString()
    .replace(/\.\d+Z$/, '')
    .replaceAll(/\D/g, '');
  return tagged(TAG.utcTime, Buffer.from(`${digits.slice(2)}Z`));
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  const flag = critical ? [tagged(TAG.boolean, Buffer.from([0xff]))] : [];
  return sequence(oid(id), ...flag, tagged(TAG.octetString, value));
}

function bits(content: Buffer): Buffer {
  return tagged(TAG.bitString, Buffer.from([0]), content);
}

const COMMON_NAME = '2.5.4.3';
const ECDSA_SHA256 = '1.2.840.10045.4.3.2';
const BASIC_CONSTRAINTS = '2.5.29.19';
const ALTERNATIVE_NAMES = '2.5.29.17';

/**
 * A self-signed certificate (RFC 5280, P-256) for localhost and 127.0.0.1, valid for a year from `now` (milliseconds
 * since the epoch). Its key is new each time and is never written down: who trusts this certificate trusts this process.
 */
export function createLoopbackCertificate(now: number): CertificatePair {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = sequence(oid(ECDSA_SHA256));
  const name = sequence(tagged(TAG.set, sequence(oid(COMMON_NAME), tagged(TAG.utf8, Buffer.from('tandem-sandbox')))));
  // The first byte keeps the number positive and without leading zeros.
  const serial = Buffer.concat([Buffer.from([0x40]), randomBytes(15)]);
  const names = sequence(
    tagged(TAG.dnsName, Buffer.from('localhost')),
    tagged(TAG.ipAddress, Buffer.from([127, 0, 0, 1])),
  );
  const authority = sequence(tagged(TAG.boolean, Buffer.from([0xff])));
  const content = sequence(
    tagged(TAG.version, tagged(TAG.integer, Buffer.from([2]))),
    tagged(TAG.integer, serial),
    algorithm,
    name,
    sequence(utcTime(now - DAY_MS), utcTime(now + VALID_DAYS * DAY_MS)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(
      TAG.extensions,
      sequence(extension(BASIC_CONSTRAINTS, true, authority), extension(ALTERNATIVE_NAMES, false, names)),
    ),
  );
  const certificate = sequence(content, algorithm, bits(sign('sha256', content, privateKey)));
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}
