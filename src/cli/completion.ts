import type { Command, Option } from 'commander';

/** What the shell may offer that only the cluster knows. Each may reject: then nothing is offered. */
export interface CompletionSource {
  /** Names of CanaryReleases in the namespace. */
  names(namespace: string | undefined): Promise<string[]>;
  /** Namespaces with CanaryReleases. */
  namespaces(): Promise<string[]>;
}

/**
 * What may follow on a command line. `words` are those after the program's name, the last one is being typed and may be
 * empty. Never rejects: a shell that waits for a Tab has no use for errors.
 */
export async function candidates(program: Command, words: string[], source: CompletionSource): Promise<string[]> {
  const typed = words.at(-1) ?? '';
  const found = await offered(program, words.slice(0, -1), typed, source).catch(() => []);
  return [...new Set(found)].filter((word) => word.startsWith(typed)).toSorted();
}

async function offered(program: Command, before: string[], typed: string, source: CompletionSource): Promise<string[]> {
  const { command, given, pending, namespace } = read(program, before);
  if (pending !== undefined) return valuesOf(pending, source);
  if (typed.startsWith('-')) return optionsOf(program, command).flatMap(({ short, long }) => [long ?? short ?? '']);
  if (command === program) return program.commands.filter(isShown).map((one) => one.name());
  const argument = command.registeredArguments[given];
  if (argument === undefined) return [];
  return argument.argChoices ?? (argument.name() === 'name' ? await source.names(namespace) : []);
}

interface Line {
  command: Command;
  /** Arguments that stand already. */
  given: number;
  /** The option whose value is being typed. */
  pending: Option | undefined;
  namespace: string | undefined;
}

function read(program: Command, before: string[]): Line {
  const line: Line = { command: program, given: 0, pending: undefined, namespace: undefined };
  for (const word of before) {
    if (line.pending !== undefined) {
      if (line.pending.long === '--namespace') line.namespace = word;
      line.pending = undefined;
    } else if (word.startsWith('-')) {
      line.pending = optionsOf(program, line.command).find(
        ({ short, long, required }) => required && (short === word || long === word),
      );
    } else if (line.command === program) {
      line.command = program.commands.find((one) => one.name() === word || one.aliases().includes(word)) ?? program;
    } else line.given += 1;
  }
  return line;
}

function optionsOf(program: Command, command: Command): Option[] {
  return [...new Set([...command.options, ...program.options])];
}

async function valuesOf(option: Option, source: CompletionSource): Promise<string[]> {
  if (option.argChoices !== undefined) return option.argChoices;
  return option.long === '--namespace' ? source.namespaces() : [];
}

function isShown(command: Command): boolean {
  return !command.name().startsWith('_');
}

export const completionShells = ['bash', 'zsh', 'fish', 'kubectl'] as const;
export type CompletionShell = (typeof completionShells)[number];

/** The command that the scripts ask; not for people. */
export const COMPLETE = '__complete';

/** What the shell is to read once, and how to install it in its first lines. */
export function completionScript(shell: CompletionShell): string {
  return scripts[shell];
}

const scripts: Record<CompletionShell, string> = {
  bash: `# Completion of tandem for bash: source <(tandem completion bash), for instance in ~/.bashrc
_tandem() {
  local IFS=$'\\n'
  COMPREPLY=($(tandem ${COMPLETE} -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -F _tandem tandem
`,
  zsh: `#compdef tandem
# Completion of tandem for zsh: tandem completion zsh > "\${fpath[1]}/_tandem", or source <(tandem completion zsh)
_tandem() {
  local -a offered
  offered=("\${(@f)$(tandem ${COMPLETE} -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  compadd -a offered
}
if [ "$funcstack[1]" = "_tandem" ]; then _tandem "$@"; else compdef _tandem tandem; fi
`,
  fish: `# Completion of tandem for fish: tandem completion fish > ~/.config/fish/completions/tandem.fish
function __tandem_complete
  set -l words (commandline -opc) (commandline -ct)
  tandem ${COMPLETE} -- $words[2..-1] 2>/dev/null
end
complete -c tandem -f -a '(__tandem_complete)'
`,
  kubectl: `#!/bin/sh
# Completion of kubectl tandem: save as kubectl_complete-tandem on the PATH and make it executable. kubectl's own
# completion asks it; the last line tells kubectl to offer no file names.
kubectl-tandem ${COMPLETE} -- "$@" 2>/dev/null
echo :4
`,
};
