/**
 * `.enumtag`: the blocks of secondary data, as learn.microsoft.com/windows-hardware/drivers/debuggercmds/-enumtag--enumerate-secondary-callback-data-
 * lays them out. Without a tag the first rows of each; bytes that can name a person are shown on demand alone. What is read of a block
 * stands in notes; of the others it is said whose they are.
 */
import { hex, hexDigits } from '../base/hex.ts';
import type { Job } from '../base/job.ts';
import { describeMissing } from '../base/missingwords.ts';
import { type Reply, refuse, reply } from '../base/problem.ts';
import { readExactly } from '../bytes/struct.ts';
import { blobName } from '../formats/dump/blobnames.ts';
import { SECONDARY, type SecondaryKind } from '../formats/secondary/guids.ts';
import { readIntegrityNote } from '../formats/secondary/notes.ts';
import { failureOf, operationName, readStorageTrace, underWay } from '../formats/secondary/storagetrace.ts';
import { readTraceSessions } from '../formats/secondary/tables.ts';
import { readWdfLogs } from '../formats/secondary/wdfdrivers.ts';
import { bytesOfBlock } from '../target/secondary.ts';
import type { BlobInfo, Session } from '../target/target.ts';
import { ROWS_PER_SLICE, rowsStep } from './names.ts';
import { line, note, type OutputNode, type Span } from './spec.ts';

const PREVIEW = 64;
const WHOLE = 0x10000;
const ROW = 16;
const MAX_COMMANDS = 70;

/** Which command reads a block. */
const READERS: Readonly<Partial<Record<SecondaryKind, string>>> = {
  bootStatus: '!blackboxbsd',
  ntfs: '!blackboxntfs',
  pnp: '!blackboxpnp',
  winlogon: '!blackboxwinlogon',
  pci: '!blackboxpci',
  smbios: '!sysinfo smbios',
  processorValues: '!sysinfo cpuinfo',
  processorRegisters: '!sysinfo registers',
  acpi: '!sysinfo gbl',
  wdfDrivers: '!wdfcrashdump loader',
};
const readerOf = (guid: string): string | undefined => Object.entries(READERS).find(([kind]) => SECONDARY[kind as SecondaryKind] === guid)?.[1];

const command = (typed: string): Span => ({ span: 'command', line: typed, text: typed });

function storageNotes(bytes: Uint8Array): OutputNode[] {
  const trace = readStorageTrace(bytes);
  if (!trace.ok) return [note(describeMissing(trace.missing))];
  const { driver, commands } = trace.value;
  const waiting = underWay(trace.value).length;
  const failed = commands.filter((one) => failureOf(trace.value, one) !== undefined).length;
  const rows = commands.slice(0, MAX_COMMANDS).map((one) => {
    const took = one.start === 0n || one.end === 0n ? '' : `${(Number(one.end - one.start) / 1e4).toFixed(1)} ms`;
    const how = failureOf(trace.value, one) ?? (one.end === 0n ? 'not ended' : one.start === 0n ? 'ended, start not noted' : 'ended');
    return note(`  ${operationName(one.operation).padEnd(20)} ${took.padStart(12)}  ${how}`);
  });
  return [note(`the last ${String(commands.length)} commands of ${driver}, newest first: ${String(waiting)} not ended, ${String(failed)} failed`), ...rows];
}

/** What the content says, for blocks that no command of WinDbg reads. */
const GISTS: Readonly<Record<string, (bytes: Uint8Array, personal: boolean) => OutputNode[]>> = {
  [SECONDARY.storage]: storageNotes,
  [SECONDARY.codeIntegrity]: (bytes, personal) => {
    const refused = readIntegrityNote(bytes);
    if (!refused.ok) return [note(describeMissing(refused.missing))];
    const { status, path } = refused.value;
    return [note(`the last file that code integrity refused: ${personal ? path.replace(/^.*\\/, '') : '… (-p shows its name)'}, ${hex(status)}`)];
  },
  [SECONDARY.wdfLog]: (bytes) =>
    readWdfLogs(bytes).map((log) =>
      note(
        `the framework's log of ${log.driver}, ${String(log.sizeBytes)} bytes; the words of its messages stand in Windows' own trace formats, which are not published`,
      ),
    ),
  [SECONDARY.etw]: (bytes) =>
    readTraceSessions(bytes).map(({ name, buffers, keptBytes }) => note(`trace session ${name}: ${String(buffers)} buffers, ${String(keptBytes)} bytes`)),
};

function aboutNodes(blob: BlobInfo, bytes: Uint8Array | undefined, personal: boolean): OutputNode[] {
  const known = blobName(blob.guid);
  const reader = readerOf(blob.guid);
  const gist = GISTS[blob.guid];
  const whose =
    known && (known.owner !== '' || known.holds !== '')
      ? [known.owner, known.holds].filter((part) => part !== '').join(': ')
      : 'no one is known to write this tag';
  if (blob.size === 0) return [note(`${whose}; it holds nothing`)];
  const rest: (Span | string)[] = reader ? ['; ', command(reader), ' reads it'] : gist ? [] : [`; its layout is its maker's: ${hex(blob.size)} bytes`];
  return [note(whose, ...rest), ...(gist && bytes ? gist(bytes, personal) : [])];
}

const printable = (byte: number): string => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.');

function rowNode(bytes: Uint8Array): OutputNode {
  const digits = Array.from(bytes, (byte) => hexDigits(byte, 2).toUpperCase()).join(' ');
  return line(`  ${digits.padEnd(ROW * 3 - 1)}  ${Array.from(bytes, printable).join('')}`);
}

interface Shown {
  readonly limit: number;
  readonly personal: boolean;
}

function* blockNodes({ target }: Session, blob: BlobInfo, { limit, personal }: Shown): Job<OutputNode[]> {
  const tag = `{${blob.guid.toUpperCase()}}`;
  const nodes = [line(tag, ` - ${hex(blob.size)} bytes`)];
  const bytes = readExactly(target.source, blob.fileOffset, Math.min(blob.size, WHOLE));
  // What is counted in a block is counted in all of it.
  const all = GISTS[blob.guid] ? bytesOfBlock(target, blob) : bytes;
  nodes.push(...aboutNodes(blob, all.ok ? all.value : undefined, personal));
  if (!bytes.ok) return [...nodes, note(describeMissing(bytes.missing)), line('')];
  if (blob.private && !personal)
    return [...nodes, note('its bytes can name a person or hold a serial number; ', command(`.enumtag -p ${tag}`), ' shows them'), line('')];
  const shown = bytes.value.subarray(0, limit);
  for (let at = 0; at < shown.length; at += ROW) {
    if (at > 0 && at % (ROW * ROWS_PER_SLICE) === 0) yield rowsStep(at / ROW, shown.length / ROW);
    nodes.push(rowNode(shown.subarray(at, at + ROW)));
  }
  const rest = blob.size - shown.length;
  const more = limit === PREVIEW ? [command(`.enumtag ${tag}`), ' shows more'] : ['they stand in the file at ', hex(blob.fileOffset + shown.length)];
  return [...nodes, ...(rest > 0 ? [note(`${hex(rest)} more bytes; `, ...more)] : []), line('')];
}

export function* enumtagAnswer(session: Session, tail: string): Job<Reply<readonly OutputNode[]>> {
  const [, flag = '', tag = ''] = /^\s*(-p\b)?\s*\{?([0-9a-f-]*)\}?\s*$/i.exec(tail) ?? [undefined, '', '?'];
  const { blobs } = session.target;
  const chosen = tag === '' ? blobs : blobs.filter((blob) => blob.guid === tag.toLowerCase());
  if (chosen.length === 0)
    return refuse('BAD_ARGUMENT', tag === '' ? 'the dump has no secondary data' : `the dump has no block with the tag '${tail.trim()}'`, { at: 0 });
  const shown: Shown = { limit: tag === '' ? PREVIEW : WHOLE, personal: flag !== '' };
  const nodes: OutputNode[] = [];
  for (const blob of chosen) nodes.push(...(yield* blockNodes(session, blob, shown)));
  return reply(nodes);
}
