/** `vertarget`, `.time`, `.hh`: the target, its time, and help. */
import type { Found } from '../base/found.ts';
import { describeMissing } from '../base/missingwords.ts';
import type { Job } from '../base/job.ts';
import { type Reply, refuse, reply } from '../base/problem.ts';
import type { Session, Target } from '../target/target.ts';
import { ANALYZE_CODE } from './lateparts.ts';
import { describeCommands, usageOf } from './help.ts';
import { unmetNeeds } from './needs.ts';
import { findCommand } from './run.ts';
import { address } from './names.ts';
import { formatTime } from './numbers.ts';
import { type CommandSpec, type OutputNode, type Span, line, note } from './spec.ts';

const gap = (value: { readonly missing: Parameters<typeof describeMissing>[0] }): Span => ({
  span: 'missing',
  reason: value.missing,
  text: `(not known: ${describeMissing(value.missing)})`,
});

/** "0 days 0:00:03.747". */
function uptimeText(seconds: number): string {
  const ms = Math.round(seconds * 1000);
  const two = (value: number) => String(value).padStart(2, '0');
  const days = Math.floor(ms / 86_400_000);
  const hours = Math.floor(ms / 3_600_000) % 24;
  return `${days} days ${hours}:${two(Math.floor(ms / 60_000) % 60)}:${two(Math.floor(ms / 1000) % 60)}.${String(ms % 1000).padStart(3, '0')}`;
}

/** "0.015625 s" of a fact that the dump's writer left, as WinDbg prints a span of time. */
function factTime(target: Target, name: string): string | undefined {
  const fact = target.facts.find((one) => one.name === name);
  const seconds = fact?.value.ok ? /^(\d+(?:\.\d+)?) s$/.exec(fact.value.value)?.[1] : undefined;
  return seconds === undefined ? undefined : uptimeText(Number(seconds));
}

function timeLines(target: Target, withProcess: boolean): readonly OutputNode[] {
  const when = target.crashTime.ok ? `${formatTime(target.crashTime.value, true)} (UTC + 0:00)` : gap(target.crashTime);
  const up = target.uptimeSeconds.ok ? uptimeText(target.uptimeSeconds.value) : gap(target.uptimeSeconds);
  const session = line('Debug session time: ', when);
  if (target.kind !== 'user') return [session, line('System Uptime: ', up)];
  const [kernel, user] = [factTime(target, 'kernel time'), factTime(target, 'user time')];
  const spent = withProcess && kernel !== undefined && user !== undefined ? [line(`  Kernel time: ${kernel}`), line(`  User time: ${user}`)] : [];
  return [session, line('System Uptime: not available'), line('Process Uptime: ', up), ...spent];
}

const ARCH_WORDS: Readonly<Record<Target['arch'], string>> = { x64: 'x64', x86: 'x86 compatible', arm64: 'ARM 64-bit (AArch64)', arm: 'ARM (NT) Thumb-2' };

/** NtProductType under WinDbg's names. */
const PRODUCTS: Readonly<Record<string, string>> = { workstation: 'WinNt', 'domain controller': 'LanManNt', server: 'Server' };

/** WinDbg calls Windows 11 so too. */
const windowsFamily = (build: Found<number>): string => (build.ok && build.value >= 10240 ? 'Windows 10' : 'Windows');

/** "Windows 10 Kernel Version 19041 MP (16 procs) Free x64". */
function headText({ os, arch, kind }: Target): string {
  const count = os.processors.ok ? `${os.processors.value > 1 ? 'MP' : 'UP'} (${os.processors.value} procs)` : '(processors not known)';
  const family = os.family === 'Windows' || kind !== 'user' ? windowsFamily(os.build) : os.family;
  const build = os.build.ok ? String(os.build.value) : '(build not known)';
  return `${family} ${kind === 'user' ? '' : 'Kernel '}Version ${build} ${count} Free ${ARCH_WORDS[arch]}`;
}

function versionLines(session: Session): readonly OutputNode[] {
  const { os, kind, kernelPointers } = session.target;
  const nodes: OutputNode[] = [line(headText(session.target))];
  if (os.productType.ok) nodes.push(line(`Product: ${PRODUCTS[os.productType.value] ?? os.productType.value}`));
  if (os.name.ok) nodes.push(note(os.name.value));
  const base = session.target.modules.byName('nt')?.base;
  const list = kernelPointers['PsLoadedModuleList'];
  if (kind !== 'user' && base !== undefined && list !== undefined)
    nodes.push(line('Kernel base = 0x', address(session, base), ' PsLoadedModuleList = 0x', address(session, list)));
  return nodes;
}

const versionCommand: CommandSpec = {
  name: 'vertarget',
  aliases: [],
  group: 'analysis',
  summary: 'which Windows, which processors, when',
  args: [],
  needs: [],
  examples: [{ line: 'vertarget', fixture: 'sample' }],
  *run({ session }) {
    return reply([...versionLines(session), ...timeLines(session.target, false)]);
  },
};

const timeCommand: CommandSpec = {
  name: '.time',
  aliases: [],
  group: 'analysis',
  summary: 'when the dump was written and how long the machine had been up',
  args: [],
  needs: [],
  examples: [{ line: '.time', fixture: 'sample' }],
  *run({ session }) {
    return reply(timeLines(session.target, true));
  },
};

const helpCommand: CommandSpec = {
  name: '.hh',
  aliases: ['.help', 'help'],
  group: 'help',
  summary: 'help: the commands, one of them, or a label of !analyze',
  args: [{ name: 'command', kind: 'text', optional: true, summary: 'a command, or a label' }],
  needs: [],
  examples: [
    { line: '.hh lm', fixture: 'sample' },
    { line: '.hh FAILURE_BUCKET_ID', fixture: 'sample' },
  ],
  *run({ session, specs }, tail) {
    const name = tail.trim();
    if (name === '') return reply(overview(specs, session));
    return findCommand(name, specs) ? oneCommand(specs, session, name) : yield* oneLabel(name.replace(/:$/, ''));
  },
};

function overview(specs: readonly CommandSpec[], session: Session): readonly OutputNode[] {
  const width = Math.max(...specs.map((spec) => usageOf(spec).length));
  return describeCommands(specs, session).map((entry) =>
    line({ span: 'command', line: `.hh ${entry.name}`, text: entry.usage.padEnd(width) }, `  ${entry.summary}${entry.unmet ? ' (not on this dump)' : ''}`),
  );
}

function* oneLabel(name: string): Job<Reply<readonly OutputNode[]>> {
  const code = yield* ANALYZE_CODE.use();
  if (!code.ok) return code;
  const gloss = code.value.glossOf(name);
  if (gloss === undefined) return refuse('UNKNOWN_COMMAND', `there is no command '${name}'`, { at: 4 });
  return reply([line(`${name}, a label of !analyze`), line(`  ${gloss}`)]);
}

function oneCommand(specs: readonly CommandSpec[], session: Session, name: string): Reply<readonly OutputNode[]> {
  const spec = findCommand(name, specs)?.spec;
  if (!spec) return refuse('UNKNOWN_COMMAND', `there is no command '${name}'`, { at: 4 });
  const lacking = unmetNeeds(spec.needs, session);
  return reply([
    line(usageOf(spec)),
    line(`  ${spec.summary}`),
    ...spec.args.map((arg) => line(`  ${arg.name}${arg.optional ? ' (optional)' : ''}: ${arg.summary}`)),
    ...spec.examples.map((example) => line('  example: ', { span: 'command', line: example.line, text: example.line })),
    ...lacking.map((words) => note(`Not on this dump: ${words}`)),
  ]);
}

export const ABOUT_COMMANDS: readonly CommandSpec[] = [versionCommand, timeCommand, helpCommand];
