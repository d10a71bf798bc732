/** The kept files as one zip file in the layout of a symbol store, and back: for computers without a network. */
import { drive } from '../../base/job.ts';
import { type Problem, refuse, type Reply, reply, SourceError } from '../../base/problem.ts';
import type { ByteSource } from '../../bytes/source.ts';
import { unpackZipEntry } from '../../formats/archive/archive.ts';
import { listZip, type ZipEntry } from '../../formats/archive/zip.ts';
import { ENTRY_BYTES, MAX_ZIP, writeZip, type ZipInput } from '../../formats/archive/zipwriter.ts';
import { arrivalOf } from './arrival.ts';
import type { SymbolCache } from './cache.ts';
import type { AddedFiles } from './dropped.ts';
import type { Effects, FileBody, StoredEntry } from './effects.ts';
import { identify } from './identify.ts';
import type { NoiseLog } from './noise.ts';
import { sniff } from './sniff.ts';
import { nameIn } from './storepath.ts';
import { wantOfFile } from './want.ts';

const MAX_ENTRIES = 20_000;
const MAX_FILE = 1024 * 1024 * 1024;

/** Gathers bytes as they come; large files must not stay in memory where the platform can help it. */
export interface BodyCollector {
  add(chunk: Uint8Array<ArrayBuffer>): void;
  finish(name: string): FileBody;
}

export interface OfflineWorld {
  readonly effects: Effects;
  readonly noise: NoiseLog;
  readonly cache: SymbolCache;
  collect(): BodyCollector;
}

const breather = ({ effects }: OfflineWorld) => ({ breathe: () => effects.clock.sleep(0) });

/** "F78CB6372EE9BFCB4C4C44205044422E1" of an id, whose letters are all small: the digits of GUID or time are capitals. */
function keyOfId(id: string): string {
  const key = id.slice(id.lastIndexOf('/') + 1);
  const capitals = id.startsWith('pdb/') ? 32 : 8;
  return key.slice(0, capitals).toUpperCase() + key.slice(capitals);
}

function pathOf(entry: StoredEntry, source: ByteSource): string {
  const kind = sniff(source.readBlock(0, 64));
  const last = kind === 'sym' ? nameIn('sym', entry.name) : kind === 'partial' ? `${entry.name}.partial` : entry.name;
  return `${entry.name}/${keyOfId(entry.key)}/${last}`;
}

/** Everything that is kept, pinned or not. */
export async function exportStore(world: OfflineWorld): Promise<Reply<FileBody>> {
  const { store } = world.effects;
  const entries = await world.cache.entries();
  if (entries.length === 0) return refuse('EMPTY', 'nothing is stored yet');
  const total = entries.reduce((sum, entry) => sum + entry.sizeBytes + ENTRY_BYTES, 0);
  if (total > MAX_ZIP) return refuse('TOO_LARGE', `${total} bytes are stored; one file takes up to ${MAX_ZIP}`);
  const inputs: ZipInput[] = [];
  for (const entry of entries) {
    const stored = await store.get(entry.key);
    if (stored) inputs.push({ name: pathOf(entry, stored.body.source), source: stored.body.source });
  }
  const out = world.collect();
  await drive(
    writeZip(inputs, (chunk) => out.add(new Uint8Array(chunk))),
    breather(world),
  );
  return reply(out.finish('faultline-symbols.zip'));
}

/** Files are taken by what stands in them; their places in the archive only lend images their names. */
export async function importStore(archive: FileBody, world: OfflineWorld): Promise<Reply<AddedFiles>> {
  const listed = listZip(archive.source);
  if (!listed.ok) return listed;
  const taken: AddedFiles['taken'][number][] = [];
  const ignored: AddedFiles['ignored'][number][] = [];
  const files = listed.value.filter(({ name }) => !name.endsWith('/'));
  let left = world.cache.capBytes;
  for (const entry of files.slice(0, MAX_ENTRIES)) {
    const result = entry.size > left ? refuse('TOO_LARGE', 'more than is kept on this computer') : await importEntry(archive.source, entry, world);
    if (!result.ok) ignored.push({ name: entry.name, problem: result.problem });
    else {
      left -= entry.size;
      taken.push(result.value);
    }
  }
  for (const { name } of files.slice(MAX_ENTRIES)) ignored.push({ name, problem: tooMany });
  return reply({ taken, ignored });
}

const tooMany: Problem = { code: 'TOO_LARGE', detail: `more than ${MAX_ENTRIES} files at once` };

async function importEntry(archive: ByteSource, entry: ZipEntry, world: OfflineWorld): Promise<Reply<AddedFiles['taken'][number]>> {
  try {
    const out = world.collect();
    const unpacked = await drive(
      unpackZipEntry(archive, entry, (chunk) => out.add(new Uint8Array(chunk)), MAX_FILE),
      breather(world),
    );
    if (!unpacked.done) return refuse('CANCELLED', 'cancelled');
    if (!unpacked.value.ok) return unpacked.value;
    const parts = entry.name.split(/[\\/]/);
    const known = await identify(out.finish(parts.at(-1) ?? entry.name), world.effects.formats);
    if ('code' in known) return { ok: false, problem: known };
    const [folder = ''] = parts.slice(-3);
    const wanted = parts.at(-2)?.toLowerCase();
    const key = known.keys.find((one) => one === wanted) ?? known.keys[0] ?? '';
    const want = wantOfFile(known.kind, parts.length >= 3 ? folder : (parts.at(-1) ?? ''), key);
    if (!want) return refuse('BAD_PDB', `no identity of a symbol store: ${key}`);
    const kept = await world.cache.keep(await arrivalOf(want, { body: known.body, origin: archive.name }, world.effects, world.noise));
    if (kept !== 'stored') return refuse('QUOTA', 'the browser stores no more for this page');
    return reply({ name: entry.name, kind: known.kind, key });
  } catch (error) {
    if (error instanceof SourceError) return { ok: false, problem: { code: error.code, detail: error.message } };
    throw error;
  }
}
