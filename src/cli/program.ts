import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { asUsage, collect, outputOption, parseTimeout, parseUrl, type Runner } from './arguments.ts';
import type { CommandName } from './commands.ts';
import { COMPLETE, type CompletionShell, candidates, completionScript, completionShells } from './completion.ts';
import { CliError, type ExitCode, exitCodes, formatError, toCliError } from './exit.ts';
import { parseRevision } from './held-revision.ts';
import { addInstall } from './install/command.ts';
import type { CliIo } from './io.ts';
import { outputFormats } from './output.ts';
import { parseName } from './release.ts';
import { reportFormats } from './report.ts';
import {
  completionSource,
  type GlobalOptions,
  runCommand,
  runHistory,
  runList,
  runPlan,
  runRelease,
  runReport,
  runStatus,
  runTags,
  runWait,
} from './run.ts';
import { runVersion } from './run-version.ts';

/** A command that lives elsewhere, reads its own arguments and answers with an exit code. Loaded when it is called. */
export interface ForeignCommand {
  name: string;
  description: string;
  load(): Promise<(args: string[]) => Promise<number>>;
}

const examples = `
Exit codes: 0 done, 1 failed, 4 not found or unable to run, 64 wrong usage. \`wait\` has more: see wait --help.

Examples:
  tandem list -A
  tandem status checkout -n shop
  kubectl apply -f checkout.yaml && tandem wait checkout -n shop --timeout 1h
  tandem promote checkout -n shop
`;

const waitHelp = `
Waits for the revision that the target's template has when the command starts, or for --revision. A version that needs
no test (stable's own, one known to be good) counts as promoted. The sentence goes to standard output, progress to
standard error.

Exit codes: 0 promoted; 1 regression or aborted; 2 undecided, held or timed out; 3 superseded; 4 not found, invalid,
suspended or deleted; 64 wrong usage.
`;

/**
 * Runs the command line and answers with its exit code. Never rejects and never ends the process; what a person is to
 * read goes through `io`. `args` are those after the program's name.
 */
export async function runCli(args: string[], io: CliIo, foreign: ForeignCommand[] = []): Promise<number> {
  // Commands that read their own arguments are not shown to the parser, which would take their options for its own.
  const called = foreign.find(({ name }) => name === args[0]);
  try {
    if (called !== undefined) return await (await called.load())(args.slice(1));
    return await parseAndRun(args, io, foreign);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    const failure = toCliError(error);
    io.stderr(formatError(failure));
    return failure.exitCode;
  }
}

async function parseAndRun(args: string[], io: CliIo, foreign: ForeignCommand[]): Promise<number> {
  let exitCode: number = exitCodes.ok;
  const run =
    <T extends unknown[]>(action: (...args: T) => Promise<ExitCode>) =>
    async (...actionArgs: T): Promise<void> => {
      exitCode = await action(...actionArgs);
    };
  const program = createProgram(io);
  addReading(program, io, run);
  addWait(program, io, run);
  addCommands(program, io, run);
  addPlan(program, io, run);
  addReport(program, io, run);
  addDelivery(program, io, run);
  addInstall(program, io, run);
  addCompletion(program, io, run);
  for (const { name, description } of foreign) program.command(name).description(description).helpOption(false);
  await program.parseAsync(args, { from: 'user' });
  return exitCode;
}

function createProgram(io: CliIo): Command {
  const program = new Command(io.program)
    .description('Tests every new version of a Deployment beside the running one, and promotes it or takes it back.')
    .option('-n, --namespace <namespace>', "namespace of the release; the context's if absent", nonEmpty)
    .option('--context <name>', 'context of the kubeconfig; its current one if absent', nonEmpty)
    .option('--kubeconfig <file>', 'kubeconfig; else KUBECONFIG, else ~/.kube/config', nonEmpty)
    .option('--no-color', 'plain text; also with NO_COLOR in the environment or where the output is no terminal')
    .addHelpText(
      'after',
      examples.replaceAll('  tandem', `  ${io.program}`).replaceAll('&& tandem', `&& ${io.program}`),
    )
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.stdout(text), writeErr: (text) => io.stderr(text) })
    .configureHelp({ showGlobalOptions: true })
    .showSuggestionAfterError();
  return program;
}

function nonEmpty(text: string): string {
  if (text === '') throw new InvalidArgumentError('It is empty.');
  return text;
}

const nameArgument = ['<name>', 'name of the CanaryRelease', parseName] as const;

function options(command: Command): GlobalOptions {
  return command.optsWithGlobals();
}

function addReading(program: Command, io: CliIo, run: Runner): void {
  program
    .command('list')
    .alias('ls')
    .description('show the CanaryReleases of a namespace, or of all')
    .option('-A, --all-namespaces', 'of all namespaces')
    .option('-l, --selector <labels>', 'only those with these labels')
    .addOption(outputOption(outputFormats))
    .action(run(async (_: unknown, command: Command) => runList(io, options(command))));
  program
    .command('status')
    .argument(...nameArgument)
    .description('show where a release stands, why, and what to do next')
    .option('-w, --watch', 'show it again whenever it changes, until Ctrl-C')
    .addOption(outputOption(outputFormats))
    .action(run(async (name: string, _: unknown, command: Command) => runStatus(io, name, options(command))));
  program
    .command('history')
    .argument('[name]', 'name of the CanaryRelease; with --summary all of the namespace if absent', parseName)
    .description('show how the last versions ended, newest first; the ledger keeps ten')
    .option('--summary', 'the figures of delivery: deploys a week, time to promoted, failure rate, time to taken back')
    .addOption(new Option('--by <what>', 'with --summary: a line for each').choices(['target', 'namespace']))
    .option('-A, --all-namespaces', 'with --summary: of all namespaces')
    .addOption(outputOption(outputFormats))
    .action(
      run(async (name: string | undefined, _: unknown, command: Command) => runHistory(io, name, options(command))),
    );
  program
    .command('version')
    .description('show the version of this program, and of the operator where it can be read')
    .option('--client', 'of this program alone: no cluster is asked')
    .addOption(outputOption(['json', 'yaml']))
    .action(run(async (_: unknown, command: Command) => runVersion(io, options(command))));
}

function addWait(program: Command, io: CliIo, run: Runner): void {
  program
    .command('wait')
    .argument(...nameArgument)
    .description('wait until the version that was just applied is promoted or taken back')
    .option(
      '--revision <revision>',
      "the revision to wait for; the target's template if absent",
      asUsage(parseRevision),
    )
    .option(
      '--timeout <duration>',
      'give up after that long, such as 90s or 1h30m; 0 is never; 5h if absent',
      asUsage(parseTimeout),
    )
    .addOption(outputOption(['json', 'yaml', 'name']))
    .addHelpText('after', waitHelp)
    .action(run(async (name: string, _: unknown, command: Command) => runWait(io, name, options(command))));
}

const descriptions: Record<CommandName, string> = {
  promote: 'roll the held version out now; needs the verb promote on the CanaryRelease',
  abort: 'take the canary away; the target stays on stable',
  retry: 'test a rejected version again; needs the verb promote on the CanaryRelease',
  hold: 'keep the version from being promoted until somebody says resume or promote',
  resume: 'take a hold off',
};

function addCommands(program: Command, io: CliIo, run: Runner): void {
  for (const [command, description] of Object.entries(descriptions) as [CommandName, string][]) {
    const defined = program
      .command(command)
      .argument(...nameArgument)
      .description(description)
      .addOption(outputOption(['json', 'yaml', 'name']))
      .action(run(async (name: string, _: unknown, self: Command) => runCommand(io, command, name, options(self))));
    if (command !== 'resume') {
      defined.option('--revision <revision>', 'refuse unless this is the one that waits', asUsage(parseRevision));
    }
    if (command === 'promote') defined.option('--next', 'let exactly the next new template through, untested');
  }
}

const releaseHelp = `
For teams without GitOps: asks the registry whether the image exists, with the target's pull secrets as far as you may
read them, and writes it into the target's template, as kubectl set image does. Exit codes with --wait: as wait.

  tandem release checkout -n shop --image registry.example/shop/checkout:1.42.0 --wait
`;

function addDelivery(program: Command, io: CliIo, run: Runner): void {
  program
    .command('release')
    .argument(...nameArgument)
    .description('write a new image into the target, so that it is tested')
    .option('--image <image>', '[CONTAINER=]IMAGE; may be given several times', collect, [])
    .option('--set-env <variable>', 'NAME=VALUE in the containers that change; may be given several times', collect, [])
    .option('--force', 'even if the registry says that the image does not exist')
    .option('--wait', 'wait for the end, as tandem wait does')
    .option('--timeout <duration>', 'with --wait: give up after that long; 5h if absent', asUsage(parseTimeout))
    .addOption(outputOption(['json', 'yaml', 'name']))
    .addHelpText('after', releaseHelp)
    .action(run(async (name: string, _: unknown, command: Command) => runRelease(io, name, options(command))));
  program
    .command('tags')
    .argument(...nameArgument)
    .description("list the tags that the registry has of the target's image")
    .option('--image <repository>', 'another repository, or which one where the target has several containers')
    .addOption(outputOption(outputFormats))
    .action(run(async (name: string, _: unknown, command: Command) => runTags(io, name, options(command))));
}

const planHelp = `
Reads the release and its target, and where --prometheus-url is given the last hour of the running version, and says what
the next version would meet: how many pods, which metrics, and how long until typical regressions show at this traffic.
Without --prometheus-url the figures are those that the operator planned. Nothing is written.

  kubectl -n monitoring port-forward svc/prometheus-operated 9090 &
  tandem plan checkout -n shop --prometheus-url http://localhost:9090
`;

function addPlan(program: Command, io: CliIo, run: Runner): void {
  program
    .command('plan')
    .argument(...nameArgument)
    .description('say what the next version would meet, and how long a verdict takes; writes nothing')
    .option('--prometheus-url <url>', 'ask this Prometheus now', asUsage(parseUrl))
    .option('--percent <percent>', 'with another share of the replicas, 1 to 50', asUsage(parseShare))
    .addOption(outputOption(['json', 'yaml', 'name']))
    .addHelpText('after', planHelp)
    .action(run(async (name: string, _: unknown, command: Command) => runPlan(io, name, options(command))));
}

function addReport(program: Command, io: CliIo, run: Runner): void {
  program
    .command('report')
    .argument(...nameArgument)
    .description('print what is kept of a release that has ended: course, figures, verdict')
    .option('--revision <revision>', 'of this version; of the newest if absent', asUsage(parseRevision))
    .addOption(new Option('--format <format>', 'md if absent; recording is what judge reads').choices(reportFormats))
    .option('--out <file>', 'write it into this file', nonEmpty)
    .action(run(async (name: string, _: unknown, command: Command) => runReport(io, name, options(command))));
}

function parseShare(text: string): number {
  const percent = Number(text);
  if (Number.isInteger(percent) && percent >= 1 && percent <= 50) return percent;
  throw new CliError(exitCodes.usage, `${JSON.stringify(text)} is no share`, 'write a whole number from 1 to 50');
}

function addCompletion(program: Command, io: CliIo, run: Runner): void {
  program
    .command('completion')
    .addArgument(new Argument('<shell>', 'for which shell, or for kubectl tandem').choices(completionShells))
    .description('print a script that completes commands, options and names')
    .action(
      run(async (shell: CompletionShell) => {
        io.stdout(completionScript(shell));
        return exitCodes.ok;
      }),
    );
  program
    .command(COMPLETE, { hidden: true })
    .argument('[words...]')
    .allowUnknownOption()
    .action(
      run(async (words: string[]) => {
        const found = await candidates(program, words, completionSource(io));
        io.stdout(found.map((word) => `${word}\n`).join(''));
        return exitCodes.ok;
      }),
    );
}
