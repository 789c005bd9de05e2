import { createHmac } from 'node:crypto';
import { COMMIT_PATTERN } from '../api/names.ts';
import type { GitHubReceiver } from './config.ts';
import type { Notification, NotificationKind } from './notification.ts';

/** One HTTP request, without the address and the secrets. */
export interface Message {
  body: string;
  headers: Record<string, string>;
}

/**
 * CloudEvents 1.0, structured mode in JSON. With a secret the body is signed: `X-Tandem-Signature-256: sha256=HEX`, the
 * HMAC-SHA256 of exactly these bytes.
 */
export function cloudEvent(notification: Notification, secret: string | undefined): Message {
  const { id, kind, time, namespace, release, revision } = notification;
  const body = JSON.stringify({
    specversion: '1.0',
    id,
    source: `/apis/tandem.dev/v1alpha1/namespaces/${namespace}/canaryreleases/${release}`,
    type: `dev.tandem.release.${kind.toLowerCase()}`,
    subject: revision,
    time,
    datacontenttype: 'application/json',
    data: notification,
  });
  const signature = secret === undefined ? undefined : createHmac('sha256', secret).update(body).digest('hex');
  return {
    body,
    headers: {
      'content-type': 'application/cloudevents+json; charset=utf-8',
      ...(signature === undefined ? {} : { 'x-tandem-signature-256': `sha256=${signature}` }),
    },
  };
}

const json = { 'content-type': 'application/json' };

/** An incoming webhook of Slack. */
export function slackMessage(notification: Notification): Message {
  // Slack reads these three as markup.
  const plain = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const text = `*${plain(titleOf(notification))}*\n${plain(notification.sentence)}`;
  return { body: JSON.stringify({ text }), headers: json };
}

/** A workflow of Teams that takes an adaptive card. */
export function teamsMessage(notification: Notification): Message {
  const block = (text: string, more: object = {}): object => ({ type: 'TextBlock', text, wrap: true, ...more });
  const content = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    body: [
      block(titleOf(notification), { weight: 'Bolder', color: colourOf(notification.kind) }),
      block(notification.sentence),
      { type: 'FactSet', facts: [{ title: 'Images', value: notification.images.join(', ') }] },
    ],
  };
  const attachments = [{ contentType: 'application/vnd.microsoft.card.adaptive', content }];
  return { body: JSON.stringify({ type: 'message', attachments }), headers: json };
}

/** The status of a commit, and the path it is posted to. */
export function commitStatus(
  notification: Notification,
  { repository, context }: GitHubReceiver,
): (Message & { path: string }) | undefined {
  const { commit = '', kind, sentence } = notification;
  if (!COMMIT_PATTERN.test(commit)) return undefined;
  const description = cut(`${kind}: ${sentence}`, 140);
  const body = JSON.stringify({ state: stateOf(kind), description, context });
  return { path: `/repos/${repository}/statuses/${commit}`, body, headers: json };
}

function titleOf({ kind, namespace, release, revision }: Notification): string {
  return `${kind}: ${namespace}/${release} ${revision}`;
}

function colourOf(kind: NotificationKind): string {
  if (kind === 'Promoted') return 'Good';
  return stateOf(kind) === 'failure' ? 'Attention' : 'Default';
}

function stateOf(kind: NotificationKind): 'pending' | 'success' | 'failure' | 'error' {
  switch (kind) {
    case 'Started':
    case 'Held':
      return 'pending';
    case 'Promoted':
    case 'Untested':
    case 'Bypassed':
      return 'success';
    case 'Regression':
    case 'RolledBack':
    case 'NotProven':
      return 'failure';
    default:
      return 'error';
  }
}

function cut(text: string, most: number): string {
  const characters = Array.from(text);
  return characters.length > most ? `${characters.slice(0, most - 3).join('')}...` : text;
}
