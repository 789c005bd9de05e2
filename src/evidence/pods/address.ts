import { BlockList, isIP } from 'node:net';
import type { PodsSource } from './config.ts';

/** What the API server says of where a pod may be scraped. */
export interface PodEndpoint {
  /** `status.podIP`. */
  ip: string;
  hostNetwork: boolean;
  /** Readiness: one that is not Ready may well not answer. */
  ready: boolean;
  /** Declared container ports. */
  ports: { name: string; port: number }[];
  /** Those that start with `prometheus.io/`, without that. */
  annotations: Record<string, string>;
}

/** Where a pod is scraped. */
export interface ScrapeTarget {
  scheme: 'http' | 'https';
  ip: string;
  port: number;
  path: string;
}

export type Located = { ok: true; target: ScrapeTarget } | { ok: false; message: string };

/** Names of ports under which metrics are served, by preference. */
const PORT_NAMES = ['metrics', 'http-metrics', 'metrics-http', 'prometheus', 'prom', 'http-prom', 'monitoring'];

const forbidden = blockList(['0.0.0.0/8', '169.254.0.0/16', '224.0.0.0/3', '::/128', 'fe80::/10', 'ff00::/8']);
const loopback = blockList(['127.0.0.0/8', '::1/128']);

/**
 * Where to scrape a pod: annotations and port names choose port, path and scheme. The host is the pod's own address, as
 * the API server says it, and nothing that a tenant writes can name another.
 */
export function locate(pod: PodEndpoint, config: PodsSource): Located {
  const { scrape, path = '/metrics', scheme = 'http' } = pod.annotations;
  const port = portOf(pod);
  const problem = addressProblem(pod, config) ?? pathProblem(path);
  if (problem !== undefined) return { ok: false, message: problem };
  if (scrape !== undefined && scrape !== 'true') {
    return { ok: false, message: `the annotation prometheus.io/scrape is ${quote(scrape)}` };
  }
  if (typeof port === 'string') return { ok: false, message: port };
  if (scheme !== 'http' && scheme !== 'https') {
    return { ok: false, message: `the annotation prometheus.io/scheme is ${quote(scheme)}: write http or https` };
  }
  if (scheme === 'https' && !config.insecureSkipVerify) {
    return { ok: false, message: "https needs podsSource.insecureSkipVerify in the operator's configuration" };
  }
  return { ok: true, target: { scheme, ip: pod.ip, port, path } };
}

/** `http://10.0.0.1:8080/metrics` */
export function urlOf({ scheme, ip, port, path }: ScrapeTarget): string {
  return `${originOf({ scheme, ip, port })}${path}`;
}

export function originOf({ scheme, ip, port }: Omit<ScrapeTarget, 'path'>): string {
  return `${scheme}://${isIP(ip) === 6 ? `[${ip}]` : ip}:${port}`;
}

function addressProblem({ ip, hostNetwork }: PodEndpoint, config: PodsSource): string | undefined {
  const version = isIP(ip);
  if (version === 0) return ip === '' ? 'it has no address yet' : `its address ${quote(ip)} is no IP address`;
  const family = version === 6 ? 'ipv6' : 'ipv4';
  if (forbidden.check(ip, family)) return `its address ${ip} is none of a pod`;
  if (loopback.check(ip, family) && !config.allowLoopback) return `its address ${ip} is this machine's own`;
  if (hostNetwork && !config.allowHostNetwork) {
    return "it uses the node's network, which podsSource.allowHostNetwork of the operator's configuration forbids";
  }
  return undefined;
}

function pathProblem(path: string): string | undefined {
  if (/^\/(?!\/)[A-Za-z0-9._~!$&'()*+,;=:@%/-]*$/.test(path) && path.length <= 200) return undefined;
  return `the annotation prometheus.io/path is ${quote(path)}: write a path such as "/metrics"`;
}

/** The port, or why there is none. */
function portOf({ annotations, ports }: PodEndpoint): number | string {
  const { port, scrape } = annotations;
  if (port !== undefined) {
    const value = Number(port);
    if (/^\d{1,5}$/.test(port) && value >= 1 && value <= 65_535) return value;
    return `the annotation prometheus.io/port is ${quote(port)}: write a port from 1 to 65535`;
  }
  const named = PORT_NAMES.map((name) => ports.find((one) => one.name === name)).find((one) => one !== undefined);
  if (named !== undefined) return named.port;
  const [only, ...others] = ports;
  if (scrape === 'true' && only !== undefined && others.length === 0) return only.port;
  return `no port for metrics: annotate the pod template with prometheus.io/port, or name a container port ${PORT_NAMES[0]}`;
}

function quote(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}...` : text);
}

function blockList(subnets: readonly string[]): BlockList {
  const list = new BlockList();
  for (const subnet of subnets) {
    const [net = '', prefix] = subnet.split('/');
    list.addSubnet(net, Number(prefix), isIP(net) === 6 ? 'ipv6' : 'ipv4');
  }
  return list;
}
