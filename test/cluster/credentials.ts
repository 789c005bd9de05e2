import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { apiServer, kubeconfigPath, kubernetesServiceIp, nodeIp, nodeName, runDir, type User } from './paths.ts';
import { run } from './run.ts';

export const certDir = join(runDir, 'certs');

/** Who may talk to the API server, and the groups of each. `alice` is an ordinary user: tests grant her what they need. */
const users: Record<User, { name: string; groups: string }> = {
  admin: { name: 'admin', groups: 'system:masters' },
  manager: { name: 'system:kube-controller-manager', groups: 'system:masters' },
  scheduler: { name: 'system:kube-scheduler', groups: 'system:masters' },
  kubelet: { name: `system:node:${nodeName}`, groups: 'system:nodes,system:masters' },
  metrics: { name: 'metrics-server', groups: 'system:masters' },
  prometheus: { name: 'prometheus', groups: 'system:masters' },
  alice: { name: 'alice', groups: '' },
};

function openssl(words: string): void {
  run('openssl', words.split(' '), { cwd: certDir });
}

function authority(name: string): void {
  openssl(`req -x509 -newkey rsa:2048 -nodes -days 365 -subj /CN=${name} -keyout ${name}.key -out ${name}.crt`);
}

function signed(name: string, by: string, extensions: string): void {
  openssl(`req -newkey rsa:2048 -nodes -subj /CN=${name} -keyout ${name}.key -out ${name}.csr`);
  writeFileSync(join(certDir, `${name}.ext`), extensions);
  const signer = `-CA ${by}.crt -CAkey ${by}.key -CAcreateserial`;
  openssl(`x509 -req -in ${name}.csr ${signer} -days 365 -extfile ${name}.ext -out ${name}.crt`);
}

/**
 * Two authorities (the cluster's and the one of the API aggregation), the API server's certificate, the key that signs
 * service account tokens, and a kubeconfig for every user.
 */
export function createCredentials(): void {
  mkdirSync(certDir, { recursive: true });
  authority('ca');
  authority('front-proxy-ca');
  const names = [
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    'kubernetes.default.svc.cluster.local',
    'localhost',
  ];
  const addresses = [kubernetesServiceIp, nodeIp, '127.0.0.1'];
  const alternatives = [...names.map((name) => `DNS:${name}`), ...addresses.map((address) => `IP:${address}`)].join(
    ',',
  );
  signed('apiserver', 'ca', `subjectAltName=${alternatives}\nextendedKeyUsage=serverAuth\n`);
  signed('front-proxy-client', 'front-proxy-ca', 'extendedKeyUsage=clientAuth\n');
  openssl('genrsa -out service-account.key 2048');
  const tokens = Object.entries(users).map(([user, { name, groups }]) => {
    const token = randomBytes(16).toString('hex');
    writeKubeconfig(user as User, token);
    return `${token},${name},${user}${groups === '' ? '' : `,"${groups}"`}`;
  });
  writeFileSync(join(certDir, 'tokens.csv'), `${tokens.join('\n')}\n`, { mode: 0o600 });
}

function writeKubeconfig(user: User, token: string): void {
  const authorityData = readFileSync(join(certDir, 'ca.crt')).toString('base64');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'tandem', cluster: { server: apiServer, 'certificate-authority-data': authorityData } }],
    users: [{ name: user, user: { token } }],
    contexts: [{ name: 'tandem', context: { cluster: 'tandem', user } }],
    'current-context': 'tandem',
  };
  const file = kubeconfigPath(user);
  rmSync(file, { force: true });
  writeFileSync(file, JSON.stringify(config, null, 2), { mode: 0o600 });
}
