/**
 * PDBs: pack, publics, lines, names and undecorating, beside the native tools in the same run. Large PDBs are in no corpus:
 * FAULTLINE_PDB lists some that lie on the disk, separated as a PATH is, each with its image (`x.exe`) beside it.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { basename, delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rva } from '../workers/base/address.ts';
import { thenFound, valueOf } from '../workers/base/found.ts';
import { driveSync } from '../workers/base/job.ts';
import { BlockCache } from '../workers/bytes/blockcache.ts';
import { ArraySource, type ByteSource } from '../workers/bytes/source.ts';
import { openPdb, readSymbolRecords } from '../workers/formats/pdb/pdb.ts';
import { layoutOf, parseNamedPlace, RecordCursor } from '../workers/formats/pdb/records.ts';
import { openLines } from '../workers/symbols/lines.ts';
import { displayName, fullName } from '../workers/symbols/demangle/display.ts';
import { packFromPdb } from '../workers/symbols/pack/frompdb.ts';
import type { Pack } from '../workers/symbols/pack/layout.ts';
import { PackTable } from '../workers/symbols/pack/table.ts';
import { Random } from '../workers/testing/build/random.ts';
import { corpusBytes, corpusHas, corpusJson } from '../workers/testing/node/corpus.ts';
import { CountedSource } from '../workers/testing/node/enginefor.ts';
import { FileSource } from '../workers/worlds/node/filesource.ts';
import { MiB, ms, table, timed, type Timing } from './measure.ts';
import { runTool } from './native.ts';

const PDBS = ['symbols/pdb/node-pty/prebuilds/win32-x64/conpty.pdb', 'symbols/pdb/own/x64-O2/demo.pdb'];
const ADDRESSES = 10_000;
const STACK_FRAMES = 100;
/** Design, section 10. */
const HEAP_BUDGET = 256 * 1024 * 1024;
const root = fileURLToPath(new URL('..', import.meta.url));

type Results = Record<string, unknown>;
const large = (): readonly string[] => (process.env['FAULTLINE_PDB'] ?? '').split(delimiter).filter((path) => path !== '' && existsSync(path));
const times = (ours: number, theirs: number | undefined): string => (theirs === undefined ? '–' : `${(ours / theirs).toFixed(2)} ×`);

function benchPacks(results: Results): void {
  const held = PDBS.filter(corpusHas).map((path): readonly [string, ByteSource] => [basename(path), new ArraySource(corpusBytes(path))]);
  const rows = [...held, ...large().map((path) => [path, new FileSource(path)] as const)].map(([name, source]) => {
    let bytesRead = 0;
    const { value, timing } = timed(source instanceof FileSource ? 1 : 5, () => {
      const counted = new CountedSource(source);
      const pack = driveSync(packFromPdb(new BlockCache(counted)));
      bytesRead = counted.bytesRead;
      return pack.ok;
    });
    results[`pack of ${basename(name)}, ${MiB(source.size)} MiB`] = { sizeBytes: source.size, bytesRead, ...timing };
    return [basename(name), MiB(source.size), ms(timing.medianMs), ms(timing.minMs), ms(timing.maxMs), MiB(bytesRead), value ? 'packed' : 'no pack'];
  });
  console.log(`\n${table(['PDB to a pack', 'MiB', 'median ms', 'min', 'max', 'MiB read', 'outcome'], rows)}`);
}

function benchHeaps(results: Results): void {
  const rows = large().map((path) => {
    const args = ['--expose-gc', '--import', 'tsx', join(root, 'bench', 'packheap.ts'), path];
    const { before, peak } = JSON.parse(execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8' })) as Record<'before' | 'peak', number>;
    results[`memory of the pack of ${path.split('/').slice(-2).join('/')}`] = { before, peak, budget: HEAP_BUDGET };
    if (peak > HEAP_BUDGET) process.exitCode = 1;
    return [path, MiB(before), MiB(peak), peak > HEAP_BUDGET ? 'OVER the budget of 256' : 'within 256'];
  });
  if (rows.length > 0) console.log(`\n${table(['memory while a PDB is packed, MiB', 'before', 'most', 'budget'], rows)}`);
}

/** Every public with its place, as text, as the tool lists them. */
function listPublics(source: ByteSource): number {
  const records = valueOf(thenFound(openPdb(source), readSymbolRecords));
  if (!records) return 0;
  const decoder = new TextDecoder();
  const cursor = new RecordCursor(records, 0, records.size);
  const lines: string[] = [];
  while (cursor.next()) {
    const named = layoutOf(cursor.kind) === 'public' ? parseNamedPlace(cursor) : undefined;
    if (named) lines.push(`${named.segment}:${named.offset} ${decoder.decode(cursor.bytes.subarray(named.nameAt, named.nameEnd))}`);
  }
  return lines.length;
}

function benchPublics(results: Results): void {
  const rows = large().map((path) => {
    const { value, timing } = timed(3, () => listPublics(new FileSource(path)));
    const tool = runTool('llvm-pdbutil', ['dump', '-publics', path]);
    const theirs = tool?.output.match(/S_PUB32/g)?.length;
    results[`publics of ${path.split('/').slice(-2).join('/')}`] = { count: value, ...timing, pdbutilMs: tool?.ms ?? null, pdbutilCount: theirs ?? null };
    return [
      path,
      String(value),
      ms(timing.medianMs),
      tool ? ms(tool.ms) : '–',
      times(timing.medianMs, tool?.ms),
      theirs === value ? 'equal count' : `${theirs}`,
    ];
  });
  if (rows.length > 0) console.log(`\n${table(['publics', 'count', 'ours, ms', 'llvm-pdbutil, ms', 'ratio', ''], rows)}`);
}

/** Places inside procedures, the same each time. */
function placesOf(pack: Pack, count: number): number[] {
  const random = new Random(1);
  const places: number[] = [];
  const sized = [...pack.sizes.keys()].filter((index) => (pack.sizes[index] ?? 0) > 0);
  while (places.length < count && sized.length > 0) {
    const index = sized[random.below(sized.length)] ?? 0;
    places.push((pack.rvas[index] ?? 0) + random.below(pack.sizes[index] ?? 1));
  }
  return places;
}

interface Symbolized {
  readonly Address?: string;
  readonly Symbol?: readonly { readonly FunctionName: string; readonly FileName: string; readonly Line: number }[];
}

/** How many of the tool's answers have our name and line. It gives the public's name, the PDB's procedures have it short. */
function agreeing(output: string, mine: readonly string[]): number {
  const theirs = output.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Symbolized]));
  return theirs.filter(
    ({ Symbol: [symbol] = [] }, index) => symbol && mine[index] === `${displayName(symbol.FunctionName, 'x64')} ${symbol.FileName}:${symbol.Line}`,
  ).length;
}

function nameAll(path: string, pack: Pack, places: readonly number[]): readonly string[] {
  const names = new PackTable(pack, () => thenFound(openPdb(new FileSource(path)), openLines));
  return places.map((place) => {
    const hit = valueOf(names.nearest(rva(place)));
    const source = hit?.source && valueOf(hit.source);
    return `${hit?.name} ${source?.file}:${source?.line}`;
  });
}

function benchNames(results: Results): void {
  const rows = large().flatMap((path) => {
    const pack = valueOf(driveSync(packFromPdb(new BlockCache(new FileSource(path)))));
    const image = path.replace(/\.pdb$/, '.exe');
    if (!pack || !existsSync(image)) return [];
    const places = placesOf(pack, ADDRESSES);
    if (places.length === 0) return [];
    const { value: mine, timing } = timed(3, () => nameAll(path, pack, places));
    const args = [`--obj=${image}`, '--relative-address', '--no-inlines', '--no-demangle', '--output-style=JSON'];
    const tool = runTool('llvm-symbolizer', args, `${places.map((place) => `0x${place.toString(16)}`).join('\n')}\n`);
    const equal = tool ? agreeing(tool.output, mine) / places.length : undefined;
    results[`${ADDRESSES} names and lines of ${path.split('/').slice(-2).join('/')}`] = { ...timing, symbolizerMs: tool?.ms ?? null, equal: equal ?? null };
    return [
      [
        path,
        ms(timing.medianMs),
        tool ? ms(tool.ms) : '–',
        times(timing.medianMs, tool?.ms),
        equal === undefined ? '–' : `${(equal * 100).toFixed(2)} % equal`,
      ],
    ];
  });
  if (rows.length > 0) console.log(`\n${table([`${ADDRESSES} addresses to name and line`, 'ours, ms', 'llvm-symbolizer, ms', 'ratio', ''], rows)}`);
}

/** What a stack asks of symbols: a name, a line and the inlined functions of each frame, packs and PDBs at hand. */
function benchStack(results: Results): void {
  const path = 'symbols/pdb/node-pty/prebuilds/win32-x64/conpty.pdb';
  const held: readonly (readonly [string, ByteSource])[] = corpusHas(path) ? [[basename(path), new ArraySource(corpusBytes(path))]] : [];
  const rows = [...held, ...large().map((each) => [each.split('/').slice(-2).join('/'), new FileSource(each)] as const)].flatMap(([name, source]) => {
    const pack = valueOf(driveSync(packFromPdb(new BlockCache(source))));
    const places = pack ? placesOf(pack, STACK_FRAMES) : [];
    if (!pack || places.length === 0) return [];
    const open = (): PackTable => new PackTable(pack, () => thenFound(openPdb(new BlockCache(source)), openLines));
    const ask = (names: PackTable): void => {
      for (const place of places) {
        names.nearest(rva(place));
        names.inlined(rva(place));
      }
    };
    const first = timed(5, () => ask(open())).timing;
    const warm = open();
    ask(warm);
    const again = timed(5, () => ask(warm)).timing;
    results[`${STACK_FRAMES} frames of ${name}`] = { firstMs: first.medianMs, againMs: again.medianMs };
    return [[name, ms(first.medianMs), ms(again.medianMs)]];
  });
  console.log(`\n${table([`${STACK_FRAMES} frames: names, lines, inlined functions`, 'tables read, ms', 'tables at hand, ms'], rows)}`);
}

function benchUndname(results: Results): void {
  const path = 'symbols/demangle/undname_dev.json';
  if (!corpusHas(path)) return console.log('\nundecorating: no corpus, left out');
  const names = corpusJson<{ rows: { name: string }[] }>(path).rows.map(({ name }) => name);
  const perSecond = ({ medianMs }: Timing): number => Math.round((names.length / medianMs) * 1000);
  const full = perSecond(timed(9, () => names.forEach((name) => fullName(name))).timing);
  const short = perSecond(timed(9, () => names.forEach((name) => displayName(name, 'x64'))).timing);
  const tool = runTool('llvm-undname', [], `${names.join('\n')}\n`);
  const theirs = tool ? Math.round((names.length / tool.ms) * 1000) : undefined;
  results['names undecorated a second'] = { names: names.length, full, short, undname: theirs ?? null };
  const rows = [
    ['whole declarations', String(full), theirs === undefined ? '–' : String(theirs)],
    ['short names', String(short), '–'],
  ];
  console.log(`\n${table([`${names.length} decorated names, a second`, 'ours', 'llvm-undname'], rows)}`);
}

export function benchPdb(results: Results): void {
  if (large().length === 0) console.log('\nFAULTLINE_PDB names no PDB: figures of large ones are left out');
  for (const part of [benchPacks, benchHeaps, benchPublics, benchNames, benchStack, benchUndname]) part(results);
}
