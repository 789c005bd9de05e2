import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { INSTALL_NAMESPACE } from '../../api/names.ts';
import { asUsage, outputOption, parseTimeout, parseUrl, type Runner } from '../arguments.ts';
import { CliError, type ExitCode, exitCodes } from '../exit.ts';
import type { CliIo } from '../io.ts';
import { type GlobalOptions, withCluster } from '../run.ts';
import type { InstallRequest } from './install.ts';
import { FIELD_MANAGER } from './plan.ts';

const defaultTimeoutSeconds = 300;

interface InstallOptions extends Omit<GlobalOptions, 'image'> {
  image?: string;
  replicas?: number;
  config?: string;
  takeOwnership?: boolean;
  dryRun?: boolean;
  deleteCrds?: boolean;
  yes?: boolean;
}

const installHelp = `
Applies the custom resource, the operator, its rights and its policies by server-side apply: the objects of
deploy/kustomize/base. Before the first write it asks whether the API server knows the policies, whether you have the
rights, and whether Helm, Flux or Argo CD hold an installation already. Again it is an upgrade: it says what changes,
and keeps the image, the replicas and the configuration that are there unless you name others.

  tandem install --image registry.example/tandem:0.1.0 --prometheus-url http://prometheus.monitoring.svc:9090 --wait
  tandem install -o yaml > tandem.yaml      # for GitOps: nothing of a cluster is asked
`;

const uninstallHelp = `
Targets serve on: no pod of them restarts. Canaries go, gates are opened. A target whose template was not tested stays
paused until you resume it. The custom resource and the CanaryReleases are kept unless --delete-crds is given.
May be repeated after it was broken off.
`;

/** `install` and `uninstall`. */
export function addInstall(program: Command, io: CliIo, run: Runner): void {
  program
    .command('install')
    .description('install Tandem into the cluster, or upgrade it')
    .option('--image <image>', "the operator's image, in a registry that the cluster pulls from")
    .option('--prometheus-url <url>', 'the Prometheus that releases ask', asUsage(parseUrl))
    .option('--config <file>', 'configuration of the operator, as docs/guides/operations.md describes it')
    .option('--replicas <number>', 'of the operator; one acts, the others take over', asUsage(parseReplicas))
    .option('--take-ownership', 'take over fields that others have written, as kubectl apply -k does')
    .option('--dry-run', 'say what would change; writes nothing')
    .option('--wait', 'wait until the operator is ready and the gate is in force')
    .option('--timeout <duration>', 'with --wait: give up after that long; 5m if absent', asUsage(parseTimeout))
    .addOption(outputOption(['yaml', 'json']))
    .addHelpText('after', installHelp)
    .action(run(async (_: unknown, command: Command) => runInstall(io, command.optsWithGlobals())));
  program
    .command('uninstall')
    .description('take Tandem out of the cluster; targets serve on')
    .option('--delete-crds', 'delete the custom resource too, and with it every CanaryRelease and its ledger')
    .option('--yes', 'with --delete-crds: that is meant')
    .option('--force', 'although a release is running: its canary goes, its version stays held')
    .option('--dry-run', 'say what would go; writes nothing')
    .option('--timeout <duration>', 'give up waiting after that long; 5m if absent', asUsage(parseTimeout))
    .addHelpText('after', uninstallHelp)
    .action(run(async (_: unknown, command: Command) => runUninstall(io, command.optsWithGlobals())));
}

async function runInstall(io: CliIo, options: InstallOptions): Promise<ExitCode> {
  const { install, printInstall } = await import('./install.ts');
  const request = requestOf(options);
  const { output } = options;
  if (output === 'yaml' || output === 'json') {
    if (request.dryRun || request.wait)
      throw new CliError(exitCodes.usage, '-o prints and applies nothing: leave --wait and --dry-run out');
    io.stdout(printInstall(request, output));
    return exitCodes.ok;
  }
  return withCluster(io, { ...options, fieldManager: FIELD_MANAGER }, async (api) => install(io, api, request));
}

function requestOf(options: InstallOptions): InstallRequest {
  const { image, replicas, config, prometheusUrl } = options;
  return {
    namespace: options.namespace ?? INSTALL_NAMESPACE,
    ...(image === undefined ? {} : { image }),
    ...(replicas === undefined ? {} : { replicas }),
    ...(config === undefined ? {} : { config: readConfigFile(config) }),
    ...(prometheusUrl === undefined ? {} : { prometheusUrl }),
    takeOwnership: options.takeOwnership === true,
    dryRun: options.dryRun === true,
    wait: options.wait === true,
    timeoutSeconds: options.timeout ?? defaultTimeoutSeconds,
  };
}

async function runUninstall(io: CliIo, options: InstallOptions): Promise<ExitCode> {
  const { uninstall } = await import('./uninstall.ts');
  return withCluster(io, { ...options, fieldManager: FIELD_MANAGER }, async (api) =>
    uninstall(io, api, {
      namespace: options.namespace ?? INSTALL_NAMESPACE,
      deleteCrds: options.deleteCrds === true,
      yes: options.yes === true,
      force: options.force === true,
      dryRun: options.dryRun === true,
      timeoutSeconds: options.timeout ?? defaultTimeoutSeconds,
    }),
  );
}

function readConfigFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CliError(exitCodes.usage, `--config ${path} cannot be read: ${why}`);
  }
}

function parseReplicas(text: string): number {
  const replicas = Number(text);
  if (Number.isInteger(replicas) && replicas >= 1 && replicas <= 10) return replicas;
  throw new CliError(exitCodes.usage, `${JSON.stringify(text)} replicas`, 'write a whole number from 1 to 10');
}
