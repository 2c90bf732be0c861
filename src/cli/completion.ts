import type { Command } from 'commander';

/** One command with what may follow it. */
interface Words {
  /** Words before: `state show`; empty for the program itself. */
  readonly path: string;
  readonly commands: readonly string[];
  readonly options: readonly string[];
  /** What an option's value must be one of. */
  readonly values: ReadonlyMap<string, readonly string[]>;
}

/** A completion script, made from the command tree itself, so that it never lags behind. */
export function completionScript(shell: 'bash' | 'zsh' | 'fish', program: Command): string {
  const all = collect(program, '', program.options.filter((option) => !option.hidden).flatMap((option) => [option.short, option.long].filter((flag): flag is string => flag !== undefined)));
  return shell === 'fish' ? fishScript(all) : shell === 'bash' ? bashScript(all) : `#compdef orchestrator\nautoload -U +X bashcompinit && bashcompinit\n${bashScript(all)}`;
}

function collect(command: Command, path: string, globals: readonly string[]): Words[] {
  const commands = command.commands.map((each) => each.name());
  const own = command.options.filter((option) => !option.hidden).map((option) => option.long ?? option.short ?? '');
  const choices = command.registeredArguments.flatMap((argument) => argument.argChoices ?? []);
  const values = new Map(command.options.flatMap((option) => (option.hidden || option.argChoices === undefined ? [] : [[option.long ?? option.short ?? '', option.argChoices] as const])));
  const words = { path, values, commands: [...commands, ...choices], options: [...new Set([...own, ...globals, '--help'])] };
  return [words, ...command.commands.flatMap((each) => collect(each, `${path} ${each.name()}`.trim(), globals))];
}

function bashScript(all: readonly Words[]): string {
  const cases = all.map(({ path, commands, options }) => `    ${JSON.stringify(path)}) words=${JSON.stringify([...commands, ...options].join(' '))} ;;`);
  const values = all.flatMap((words) => [...words.values].map(([option, choices]) => `    ${JSON.stringify(`${words.path} ${option}`)}) COMPREPLY=($(compgen -W ${JSON.stringify(choices.join(' '))} -- "$cur")); return ;;`));
  return `_orchestrator() {
  local path="" word words=""
  local cur="\${COMP_WORDS[COMP_CWORD]}"
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) case " ${all.map((words) => words.path).filter((path) => path !== '').flatMap((path) => path.split(' ')).filter((word, index, list) => list.indexOf(word) === index).join(' ')} " in *" $word "*) path="\${path:+$path }$word" ;; esac ;; esac
  done
  case "$path \${COMP_WORDS[COMP_CWORD-1]}" in
${values.join('\n')}
  esac
  case "$path" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -F _orchestrator orchestrator
`;
}

function fishScript(all: readonly Words[]): string {
  const lines = ['complete -c orchestrator -f'];
  for (const { path, commands, options, values } of all) {
    const parts = path.split(' ').filter((part) => part !== '');
    const condition = parts.length === 0 ? '__fish_use_subcommand' : parts.map((part) => `__fish_seen_subcommand_from ${part}`).join('; and ');
    for (const command of commands) lines.push(`complete -c orchestrator -n '${condition}' -a '${command}'`);
    for (const option of options) lines.push(option.startsWith('--') ? `complete -c orchestrator -n '${condition}' -l '${option.slice(2)}'${values.has(option) ? ` -x -a '${values.get(option)?.join(' ') ?? ''}'` : ''}` : `complete -c orchestrator -n '${condition}' -s '${option.slice(1)}'`);
  }
  return `${lines.join('\n')}\n`;
}
