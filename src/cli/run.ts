import type { KubeApi } from '../kube/api.ts';
import { resources } from '../kube/object.ts';
import { revisionOf } from '../release/revision.ts';
import { type CommandName, planCommand } from './commands.ts';
import type { CompletionSource } from './completion.ts';
import { deliver, tagsOf } from './deliver.ts';
import { CliError, type ExitCode, exitCodes } from './exit.ts';
import { formatHistory, formatNamespaces, formatSummary, summarise, summariseNamespaces } from './history.ts';
import type { CliIo, Cluster } from './io.ts';
import { formatList } from './list.ts';
import { formatData, formatObjects, type OutputFormat, releaseName } from './output.ts';
import { listReleases, readRelease, readTarget, readTargetIfAllowed } from './read.ts';
import { messageOf, phaseOf, type Release } from './release.ts';
import { type ReportFormat, report } from './report.ts';
import { formatStatus } from './status.ts';
import { createStyle } from './style.ts';
import { type WaitAnswer, waitForRelease } from './wait.ts';
import { watchStatus } from './watch-status.ts';

/** Longer than a release with default settings takes, its deadline standing still for once included. */
const defaultTimeoutSeconds = 5 * 3600;

export interface GlobalOptions {
  namespace?: string;
  context?: string;
  kubeconfig?: string;
  color: boolean;
  output?: OutputFormat;
  allNamespaces?: boolean;
  selector?: string;
  revision?: string;
  next?: boolean;
  watch?: boolean;
  image?: string[] | string;
  setEnv?: string[];
  force?: boolean;
  prometheusUrl?: string;
  percent?: number;
  wait?: boolean;
  summary?: boolean;
  client?: boolean;
  by?: 'target' | 'namespace';
  format?: ReportFormat;
  out?: string;
  /** Seconds. */
  timeout?: number;
}

/** Connects as the options say, and ends the connections whatever becomes of `use`. */
export async function withCluster<T>(
  io: CliIo,
  options: Pick<GlobalOptions, 'namespace' | 'context' | 'kubeconfig'> & { fieldManager?: string },
  use: (api: KubeApi, namespace: string) => Promise<T>,
): Promise<T> {
  const { context, kubeconfig, fieldManager } = options;
  const cluster: Cluster = await io.connect({
    ...(fieldManager === undefined ? {} : { fieldManager }),
    ...(context === undefined ? {} : { context }),
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
  });
  try {
    return await use(cluster.api, options.namespace ?? cluster.namespace);
  } finally {
    await cluster.close();
  }
}

export async function runList(io: CliIo, options: GlobalOptions): Promise<ExitCode> {
  return withCluster(io, options, async (api, namespace) => {
    const allNamespaces = options.allNamespaces === true;
    const releases = await listReleases(api, {
      ...(allNamespaces ? {} : { namespace }),
      ...(options.selector === undefined ? {} : { labelSelector: options.selector }),
    });
    const data = formatObjects(releases, options.output, true);
    if (data !== undefined) io.stdout(data);
    else if (releases.length === 0)
      io.stderr(`no CanaryReleases ${allNamespaces ? 'found' : `in namespace ${namespace}`}\n`);
    else {
      const style = createStyle(io.color && options.color);
      io.stdout(formatList(releases, { allNamespaces, wide: options.output === 'wide', now: io.clock.now(), style }));
    }
    return exitCodes.ok;
  });
}

export async function runStatus(io: CliIo, name: string, options: GlobalOptions): Promise<ExitCode> {
  return withCluster(io, options, async (api, namespace) => {
    const release = await readRelease(api, namespace, name);
    const data = formatObjects([release], options.output, false);
    const style = createStyle(io.color && options.color);
    const view = { wide: options.output === 'wide', style, program: io.program };
    if (options.watch === true) {
      if (data !== undefined)
        throw new CliError(exitCodes.usage, `--watch and -o ${options.output} exclude each other`);
      await watchStatus(io, api, { namespace, name }, view, io.interrupted());
    } else {
      const shown = async (): Promise<string> =>
        formatStatus(release, await readTargetIfAllowed(api, release), { ...view, now: io.clock.now() });
      io.stdout(data ?? (await shown()));
    }
    return exitCodes.ok;
  });
}

export async function runHistory(io: CliIo, name: string | undefined, options: GlobalOptions): Promise<ExitCode> {
  const { summary = false, allNamespaces = false, by } = options;
  if (summary && (options.output === 'name' || options.output === 'wide'))
    throw new CliError(exitCodes.usage, `--summary has no -o ${options.output}`, 'leave it out, or give json or yaml');
  if (by !== undefined && !summary) throw new CliError(exitCodes.usage, '--by goes with --summary');
  if (name === undefined && !summary)
    throw new CliError(exitCodes.usage, 'which one? name a CanaryRelease, or ask for --summary of all');
  if (allNamespaces && (!summary || name !== undefined))
    throw new CliError(exitCodes.usage, '--all-namespaces goes with --summary and without a name');
  return withCluster(io, options, async (api, namespace) => {
    const releases =
      name === undefined
        ? await listReleases(api, allNamespaces ? {} : { namespace })
        : [await readRelease(api, namespace, name)];
    io.stdout(summary ? summaryText(releases, io, options) : historyText(releases, io, options));
    return exitCodes.ok;
  });
}

export async function runReport(io: CliIo, name: string, options: GlobalOptions): Promise<ExitCode> {
  return withCluster(io, options, async (api, namespace) => report(io, api, { namespace, name }, options));
}

function summaryText(releases: Release[], io: CliIo, { output, by }: GlobalOptions): string {
  const now = io.clock.now();
  const isData = output === 'json' || output === 'yaml';
  if (by === 'namespace') {
    const namespaces = summariseNamespaces(releases, now);
    return isData ? formatData(namespaces, output) : formatNamespaces(namespaces);
  }
  const summaries = releases.map((release) => summarise(release, now));
  return isData ? formatData(summaries, output) : formatSummary(summaries);
}

function historyText([release]: Release[], io: CliIo, { output, color }: GlobalOptions): string {
  if (release === undefined) return '';
  if (output === 'name') return (release.status?.ledger ?? []).map(({ revision }) => `${revision}\n`).join('');
  if (output === 'json' || output === 'yaml') return formatData(release.status?.ledger ?? [], output);
  const style = createStyle(io.color && color);
  return formatHistory(release, { wide: output === 'wide', now: io.clock.now(), style });
}

/** What the cluster of the context offers to a shell; asked with the options that stand in the environment only. */
export function completionSource(io: CliIo): CompletionSource {
  const options: GlobalOptions = { color: false };
  return {
    names: (wanted) =>
      withCluster(io, options, async (api, namespace) =>
        (await listReleases(api, { namespace: wanted ?? namespace })).map(({ metadata }) => metadata.name),
      ),
    namespaces: () =>
      withCluster(io, options, async (api) =>
        (await listReleases(api, {})).map(({ metadata }) => metadata.namespace ?? ''),
      ),
  };
}

export async function runRelease(io: CliIo, name: string, options: GlobalOptions): Promise<ExitCode> {
  return withCluster(io, options, async (api, namespace) => {
    const { image = [], setEnv = [], force = false } = options;
    const images = typeof image === 'string' ? [image] : image;
    const done = await deliver(api, namespace, name, { images, env: setEnv, force });
    for (const note of done.notes) io.stderr(`note: ${note}\n`);
    const revision = revisionOf(done.target.spec.template);
    const what = done.unchanged ? 'nothing to write: the target has that already' : 'written; the gate holds it';
    io.stderr(`${name}: revision ${revision.slice(0, 10)}: ${what}\n`);
    if (options.wait !== true) {
      io.stdout(deliveryText({ namespace, name, revision, unchanged: done.unchanged, notes: done.notes }, options));
      return exitCodes.ok;
    }
    return answerOfWait(io, api, { namespace, name, revision }, options);
  });
}

function deliveryText(done: { name: string; [field: string]: unknown }, { output }: GlobalOptions): string {
  if (output === 'json' || output === 'yaml') return formatData(done, output);
  return output === 'name' ? releaseName(done.name) : '';
}

export async function runPlan(io: CliIo, name: string, options: GlobalOptions): Promise<ExitCode> {
  const { prometheusUrl, percent, output } = options;
  return withCluster(io, options, async (api, namespace) => {
    const request = {
      namespace,
      name,
      ...(prometheusUrl === undefined ? {} : { prometheusUrl }),
      ...(percent === undefined ? {} : { percent }),
    };
    const { planOf, formatPlan } = await import('./plan.ts');
    const plan = await planOf(api, io.clock, request);
    if (output === 'json' || output === 'yaml') io.stdout(formatData(plan, output));
    else if (output === 'name') io.stdout(releaseName(plan.name));
    else io.stdout(formatPlan(plan));
    return exitCodes.ok;
  });
}

export async function runTags(io: CliIo, name: string, options: GlobalOptions): Promise<ExitCode> {
  return withCluster(io, options, async (api, namespace) => {
    const image = typeof options.image === 'string' ? options.image : undefined;
    const found = await tagsOf(api, namespace, name, image);
    const { output } = options;
    const { registry, repository } = found.image;
    if (output === 'json' || output === 'yaml') io.stdout(formatData(found, output));
    else if (output === 'name') io.stdout(found.tags.map((tag) => `${tag}\n`).join(''));
    else if (output === 'wide') io.stdout(found.tags.map((tag) => `${registry}/${repository}:${tag}\n`).join(''));
    else io.stdout(found.tags.map((tag) => `${tag}${tag === found.current ? '   (in the target)' : ''}\n`).join(''));
    return exitCodes.ok;
  });
}

export async function runWait(io: CliIo, name: string, options: GlobalOptions): Promise<ExitCode> {
  return withCluster(io, options, async (api, namespace) => {
    const { revision } = options;
    return answerOfWait(io, api, { namespace, name, ...(revision === undefined ? {} : { revision }) }, options);
  });
}

async function answerOfWait(
  io: CliIo,
  api: KubeApi,
  awaited: { namespace: string; name: string; revision?: string },
  { timeout = defaultTimeoutSeconds, output }: GlobalOptions,
): Promise<ExitCode> {
  const answer = await waitForRelease(io, api, { ...awaited, timeoutSeconds: timeout });
  if (output === 'json' || output === 'yaml') io.stdout(formatData(waitData(answer), output));
  else if (output === 'name') io.stdout(`${answer.end.result}\n`);
  else io.stdout(`${awaited.name}: ${answer.end.sentence}\n`);
  return answer.end.exitCode;
}

function waitData({ end, revision, release, seconds }: WaitAnswer): Record<string, unknown> {
  return {
    result: end.result,
    exitCode: end.exitCode,
    sentence: end.sentence,
    namespace: release.metadata.namespace,
    name: release.metadata.name,
    revision,
    phase: phaseOf(release),
    verdict: release.status?.analysis?.verdict ?? '',
    analysis: release.status?.analysis?.sentence ?? '',
    message: messageOf(release),
    seconds,
  };
}

export async function runCommand(
  io: CliIo,
  command: CommandName,
  name: string,
  options: GlobalOptions,
): Promise<ExitCode> {
  const { revision, next = false, output } = options;
  if (next && revision !== undefined) {
    throw new CliError(
      exitCodes.usage,
      '--next and --revision exclude each other: the next template has no revision yet',
    );
  }
  return withCluster(io, options, async (api, namespace) => {
    const release = await readRelease(api, namespace, name);
    const request = { command, next, now: io.clock.now(), ...(revision === undefined ? {} : { revision }) };
    const plan = planCommand(request, release, await readTarget(api, release));
    if (plan.kind === 'Nothing') {
      io.stderr(`${name}: nothing to ${command}: ${plan.sentence}\n`);
      const data = plan.exitCode === exitCodes.ok ? formatObjects([release], output, false) : undefined;
      if (data !== undefined) io.stdout(data);
      return plan.exitCode;
    }
    const body = { metadata: { annotations: plan.annotations } };
    const written = await api.patch<Release>(resources.canaryReleases, { namespace, name }, body, { type: 'merge' });
    io.stdout(formatObjects([written], output, false) ?? `${name}: ${plan.sentence}\n`);
    return exitCodes.ok;
  });
}
