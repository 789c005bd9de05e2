import { BlockList, isIP } from 'node:net';
import { nodeNetwork, podNetwork, serviceNetwork } from '../cluster/paths.ts';

/** Addresses that load may go to: this machine and the networks of the cluster's own namespace. */
const own = new BlockList();
own.addSubnet('127.0.0.0', 8);
own.addAddress('::1', 'ipv6');
for (const network of [podNetwork, serviceNetwork, nodeNetwork]) {
  const [address = '', bits] = network.split('/');
  own.addSubnet(address, Number(bits));
}

/** Inside a pod of any other cluster: private addresses, its Services are among them. */
const privateNetworks = new BlockList();
privateNetworks.addSubnet('10.0.0.0', 8);
privateNetworks.addSubnet('172.16.0.0', 12);
privateNetworks.addSubnet('192.168.0.0', 16);

/** Parses the address of the load's target. Throws unless it is plain HTTP to an address (no name) that load may go to. */
export function parseTarget(url: string, inPod: boolean): URL {
  const target = new URL(url);
  const host = target.hostname.replace(/^\[|\]$/g, '');
  const family = isIP(host);
  if (target.protocol !== 'http:' || family === 0) {
    throw new Error(`${url}: expected http:// and an IP address (the cluster IP of a Service, or loopback)`);
  }
  const type = family === 6 ? 'ipv6' : 'ipv4';
  if (own.check(host, type) || (inPod && privateNetworks.check(host, type))) return target;
  throw new Error(`${url}: load goes only to loopback and to the networks of the test cluster; ${host} is neither`);
}
