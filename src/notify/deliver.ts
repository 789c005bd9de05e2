import { readFile } from 'node:fs/promises';
import { request } from 'undici';
import type { Receiver } from './config.ts';
import { cloudEvent, commitStatus, type Message, slackMessage, teamsMessage } from './messages.ts';
import type { Notification } from './notification.ts';

/**
 * How a delivery ended. `skipped`: there is nothing to say to this receiver. `refused`: asking again would change nothing.
 * `failed`: it may go better later, after `afterSeconds` where the receiver said so.
 */
export type Delivery =
  | { outcome: 'sent' }
  | { outcome: 'skipped' }
  | { outcome: 'refused'; problem: string }
  | { outcome: 'failed'; problem: string; afterSeconds?: number };

/** Longest wait that a receiver may ask for. */
const mostAfterSeconds = 3600;

/**
 * Sends one notification to one receiver. Secrets are read now; no redirect is followed. Never rejects.
 *
 * @param signal breaks the delivery off; it has failed then
 */
export async function deliver(receiver: Receiver, notification: Notification, signal?: AbortSignal): Promise<Delivery> {
  const late = AbortSignal.timeout(receiver.timeoutSeconds * 1000);
  try {
    const letter = await letterOf(receiver, notification);
    if (letter === undefined) return { outcome: 'skipped' };
    return await post(letter, signal === undefined ? late : AbortSignal.any([late, signal]));
  } catch (error) {
    return { outcome: 'failed', problem: messageOf(error) };
  }
}

interface Letter extends Message {
  url: string;
}

async function letterOf(receiver: Receiver, notification: Notification): Promise<Letter | undefined> {
  switch (receiver.type) {
    case 'webhook': {
      const secret = receiver.secretFile === undefined ? undefined : await secretIn(receiver.secretFile);
      return { ...cloudEvent(notification, secret), url: receiver.url };
    }
    case 'slack':
      return { ...slackMessage(notification), url: await secretIn(receiver.urlFile) };
    case 'teams':
      return { ...teamsMessage(notification), url: await secretIn(receiver.urlFile) };
    case 'github': {
      const message = commitStatus(notification, receiver);
      if (message === undefined) return undefined;
      const authorization = `Bearer ${await secretIn(receiver.tokenFile)}`;
      const headers = { ...message.headers, accept: 'application/vnd.github+json', authorization };
      return { body: message.body, headers, url: `${receiver.apiUrl.replace(/\/+$/, '')}${message.path}` };
    }
  }
}

async function secretIn(path: string): Promise<string> {
  const text = (await readFile(path, 'utf8')).trim();
  if (text === '') throw new Error(`${path} is empty`);
  return text;
}

async function post({ url, body, headers }: Letter, signal: AbortSignal): Promise<Delivery> {
  const {
    statusCode,
    headers: answered,
    body: answer,
  } = await request(url, {
    method: 'POST',
    body,
    headers: { ...headers, 'user-agent': 'tandem' },
    signal,
  });
  await answer.dump();
  if (statusCode >= 200 && statusCode < 300) return { outcome: 'sent' };
  const problem = `HTTP ${statusCode}`;
  // The receiver says that this request is wrong, not that it is a bad moment.
  const isWrong = statusCode < 500 && ![408, 425, 429].includes(statusCode);
  if (isWrong) return { outcome: 'refused', problem };
  const after = Number(answered['retry-after']);
  return Number.isFinite(after) && after > 0
    ? { outcome: 'failed', problem, afterSeconds: Math.min(after, mostAfterSeconds) }
    : { outcome: 'failed', problem };
}

/** Without the address: that of a chat is a secret. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error';
  const { code } = error as NodeJS.ErrnoException;
  if (error instanceof TypeError) return 'the address is not a URL, or cannot be reached';
  return code === undefined ? (error.name === 'Error' ? error.message : error.name) : `${code}`;
}
