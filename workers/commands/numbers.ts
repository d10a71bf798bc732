/** `?`, `.formats`, `!error`: numbers and codes in words. */
import { viewOf } from '../bytes/struct.ts';
import { formatVa, hexDigits } from '../base/hex.ts';
import { refuse, reply } from '../base/problem.ts';
import { wrappedError } from '../verdict/explain/links.ts';
import { valueOf } from './arguments.ts';
import { type CommandSpec, type OutputNode, line } from './spec.ts';

const expressionArg = { name: 'expression', kind: 'expression', optional: false, summary: 'a MASM expression: nt+0x1000, @rsp, poi(@rsp)' } as const;

const evaluateCommand: CommandSpec = {
  name: '?',
  aliases: [],
  group: 'expressions',
  summary: 'evaluates an expression',
  args: [expressionArg],
  needs: [],
  examples: [{ line: '? 2*8', fixture: 'sample' }],
  *run({ session }, tail) {
    const value = valueOf(session, tail);
    if (!value.ok) return value;
    const wide = value.value > 0xffff_ffffn || session.memory.pointerSize === 8;
    // On a 32-bit target addresses count as signed: the kernel's half is negative.
    return reply([
      line(`Evaluate expression: ${BigInt.asIntN(wide ? 64 : 32, value.value)} = `, {
        span: 'address',
        at: value.value as never,
        text: formatVa(value.value, wide ? 8 : 4),
      }),
    ]);
  },
};

const EPOCH_1601_TO_1970_MS = 11_644_473_600_000n;
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** "Mon Jan  7 15:31:46.123 1985 (UTC)". */
export function formatTime(ms: number, withMillis: boolean): string {
  const time = new Date(ms);
  if (Number.isNaN(time.getTime())) return 'Invalid';
  const two = (value: number) => String(value).padStart(2, '0');
  const clock = `${two(time.getUTCHours())}:${two(time.getUTCMinutes())}:${two(time.getUTCSeconds())}`;
  const millis = withMillis ? `.${String(time.getUTCMilliseconds()).padStart(3, '0')}` : '';
  return `${DAYS[time.getUTCDay()] ?? ''} ${MONTHS[time.getUTCMonth()] ?? ''} ${String(time.getUTCDate()).padStart(2)} ${clock}${millis} ${time.getUTCFullYear()}`;
}

/** A value up to 32 bits is read as a time_t, a larger one as a FILETIME, as WinDbg does. */
function timeText(value: bigint): string {
  if (value <= 0xffff_ffffn) return `${formatTime(Number(value) * 1000, false)} (UTC + 0:00)`;
  return `${formatTime(Number(value / 10_000n - EPOCH_1601_TO_1970_MS), true)} (UTC + 0:00)`;
}

function floatText(value: number): string {
  if (!Number.isFinite(value) || value === 0) return String(value);
  const text = Number(value.toPrecision(6));
  const exponent = Math.floor(Math.log10(Math.abs(text)));
  if (exponent >= -5 && exponent < 6) return String(text);
  const [mantissa = '', power = ''] = text.toExponential().split('e');
  return `${mantissa}e${power.startsWith('-') ? '-' : '+'}${power.replace(/^[+-]/, '').padStart(3, '0')}`;
}

/** Layout: learn.microsoft.com/windows-hardware/drivers/debuggercmds/-formats--show-number-formats-. */
export function formatsText(value: bigint, pointerSize: 4 | 8): readonly string[] {
  const wide = pointerSize === 8 || value > 0xffff_ffffn;
  const bits = wide ? 64 : 32;
  const data = new Uint8Array(8);
  const view = viewOf(data);
  view.setBigUint64(0, value, true);
  const bytes = [...data.subarray(0, bits / 8)].reverse();
  const signed = BigInt.asIntN(bits, value);
  const chars = bytes.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
  return [
    'Evaluate expression:',
    `  Hex:     ${formatVa(value, wide ? 8 : 4)}`,
    `  Decimal: ${signed}`,
    ...(signed < 0n || bits === 64 ? [`  Decimal (unsigned) : ${value}`] : []),
    `  Octal:   ${value.toString(8).padStart(wide ? 22 : 11, '0')}`,
    `  Binary:  ${bytes.map((byte) => byte.toString(2).padStart(8, '0')).join(' ')}`,
    `  Chars:   ${chars}`,
    `  Time:    ${timeText(value)}`,
    `  Float:   low ${floatText(view.getFloat32(0, true))} high ${floatText(view.getFloat32(4, true))}`,
    `  Double:  ${floatText(view.getFloat64(0, true))}`,
  ];
}

const formatsCommand: CommandSpec = {
  name: '.formats',
  aliases: [],
  group: 'expressions',
  summary: 'a number in every base, as characters, time and floating point',
  args: [expressionArg],
  needs: [],
  examples: [{ line: '.formats 1c407e62', fixture: 'sample' }],
  *run({ session }, tail) {
    const value = valueOf(session, tail);
    return value.ok ? reply(formatsText(value.value, session.memory.pointerSize).map((row) => line(row))) : value;
  },
};

const errorCommand: CommandSpec = {
  name: '!error',
  aliases: [],
  group: 'expressions',
  summary: 'names an NTSTATUS, Win32, HRESULT or bug check code',
  args: [
    { ...expressionArg, name: 'code', summary: 'the code' },
    { name: 'flag', kind: 'flags', optional: true, summary: '1: read it as NTSTATUS' },
  ],
  needs: [],
  examples: [{ line: '!error c0000005', fixture: 'sample' }],
  *run({ session }, tail) {
    const [codeText = '', flag] = tail.trim().split(/\s+/);
    const value = valueOf(session, codeText);
    if (!value.ok) return value;
    const code = Number(value.value & 0xffff_ffffn);
    const { knowledge } = session;
    const tables = [
      ['NTSTATUS', knowledge.ntstatus(code)],
      ['HRESULT', knowledge.hresult(code)],
      ['Win32', knowledge.win32(code)],
    ] as const;
    const order = code < 0x8000_0000 && flag !== '1' ? [...tables].reverse() : tables;
    const nodes: OutputNode[] = [];
    for (const [family, entry] of order)
      if (entry) nodes.push(line(`Error code: (${family}) 0x${hexDigits(code, 1)} (${code}) - ${entry.name}${entry.gloss ? `: ${entry.gloss}` : ''}`));
    const inner = nodes.length === 0 ? wrappedError(knowledge, code) : undefined;
    if (inner) nodes.push(line(`Error code: (HRESULT) 0x${hexDigits(code, 1)} (${code}) - ${inner.link.text}`));
    return nodes.length > 0
      ? reply(nodes)
      : refuse('BAD_ARGUMENT', `0x${hexDigits(code, 1)} is in no public list of NTSTATUS, HRESULT or Win32 codes`, { at: 0 });
  },
};

export const NUMBER_COMMANDS: readonly CommandSpec[] = [evaluateCommand, formatsCommand, errorCommand];
