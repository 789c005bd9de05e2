import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Deployment } from '../../src/kube/object.ts';
import { nodeIp } from '../cluster/paths.ts';

/** Annotation of a Deployment with the tag that the webhook puts into its template. */
export const WANTED_TAG = 'e2e.tandem.dev/tag';

export interface Webhook {
  /** The registration, for one namespace. */
  configuration(namespace: string): object;
  close(): Promise<void>;
}

interface Review {
  request: { uid: string; object: Deployment };
}

/** A mutating webhook as tag resolvers are: whatever is written, it changes the image of the template. */
export async function startWebhook(): Promise<Webhook> {
  const { key, certificate } = selfSigned();
  const server = createServer({ key, cert: certificate }, (request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, nodeIp, resolve));
  const { port } = server.address() as AddressInfo;
  return {
    configuration: (namespace) => ({
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      metadata: { name: namespace },
      webhooks: [
        {
          name: 'tags.e2e.tandem.dev',
          clientConfig: { url: `https://${nodeIp}:${port}/`, caBundle: Buffer.from(certificate).toString('base64') },
          rules: [{ apiGroups: ['apps'], apiVersions: ['v1'], resources: ['deployments'], operations: ['UPDATE'] }],
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
          sideEffects: 'None',
          admissionReviewVersions: ['v1'],
          timeoutSeconds: 5,
        },
      ],
    }),
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let text = '';
  for await (const part of request) text += String(part);
  const review = JSON.parse(text) as Review;
  const patch = patchOf(review.request.object);
  const changed = patch === undefined ? {} : { patchType: 'JSONPatch', patch };
  response.setHeader('content-type', 'application/json');
  const body = { uid: review.request.uid, allowed: true, ...changed };
  response.end(JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: body }));
}

function patchOf(object: Deployment): string | undefined {
  const tag = object.metadata.annotations?.[WANTED_TAG];
  if (tag === undefined) return undefined;
  const value = `docker.io/library/shop:${tag}`;
  if (object.spec.template.spec.containers[0]?.image === value) return undefined;
  const operation = { op: 'replace', path: '/spec/template/spec/containers/0/image', value };
  return Buffer.from(JSON.stringify([operation])).toString('base64');
}

function selfSigned(): { key: string; certificate: string } {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-webhook-'));
  try {
    const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
    const subject = ['-subj', '/CN=webhook', '-addext', `subjectAltName=IP:${nodeIp}`];
    const words = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', ...subject];
    execFileSync('openssl', [...words, '-keyout', key, '-out', certificate], { stdio: 'ignore' });
    return { key: readFileSync(key, 'utf8'), certificate: readFileSync(certificate, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
