import { describe, expect, it } from 'vitest';
import { ArraySource } from '../../bytes/source.ts';
import { corpusBytes, corpusHas, corpusJson, hasCorpus } from '../../testing/node/corpus.ts';
import { type FieldRecord, parseFieldList } from './fieldlist.ts';
import { openPdb } from './pdb.ts';
import { openTypes, TypeStream } from './tpi.ts';
import { hashName, TypeNames } from './typenames.ts';
import { parseTypeRecord, type TypeRecord } from './typerecords.ts';

/** Records as llvm-pdbutil lists them: number, kind, name, and the lines below. */
interface Listed {
  readonly index: number;
  readonly kind: string;
  readonly name: string;
  readonly body: string;
}

const listing = (path: string): string => `symbols/expect/pdb/${path.replace(/^pdb\//, '')}.types.txt`;

const listingText = (path: string): string => new TextDecoder().decode(corpusBytes(listing(path)));

/** One listing (vs2019_cpp_override) ends before its last records: its head gives the count. */
function listedCount(path: string): number {
  return Number(/Showing ([\d,]+) records/.exec(listingText(path))?.[1]?.replaceAll(',', '') ?? 0);
}

const parsed = new Map<string, Listed[]>();
function listed(path: string): Listed[] {
  const known = parsed.get(path) ?? parseListing(path);
  parsed.set(path, known);
  return known;
}

function parseListing(path: string): Listed[] {
  return listingText(path)
    .split(/\n(?= +0x[0-9A-F]+ \| )/)
    .flatMap((part) => {
      const [, index = '', kind = '', name = ''] = /^ +0x([0-9A-F]+) \| (LF_\w+) \[size = \d+\](?: `(.*)`)?/.exec(part) ?? [];
      return kind === '' ? [] : [{ index: Number.parseInt(index, 16), kind, name, body: part.split('\n').slice(1).join('\n') }];
    });
}

/** "0x0074 (int)" and "0x1010" by number; "<no type>" is 0. */
const PATTERNS = new Map<string, RegExp>();
function patternOf(label: string): RegExp {
  const pattern = PATTERNS.get(label) ?? new RegExp(`${label}[ =:]+(0x[0-9A-F]+|\\d+|<no type>)`);
  PATTERNS.set(label, pattern);
  return pattern;
}
function numbers(text: string, ...labels: readonly string[]): number[] {
  return labels.map((label) => {
    const [, value = ''] = patternOf(label).exec(text) ?? [];
    return value === '<no type>' ? 0 : Number(value);
  });
}

const wantedFields = (body: string): string[] =>
  body.split('\n').flatMap((line) => {
    const [, kind = '', rest = ''] = /^ +- (LF_\w+)(.*)/.exec(line) ?? [];
    const name = /name = `(.*?)`,? ?/.exec(rest)?.[1] ?? '';
    if (kind === 'LF_ENUMERATE') return [rest.replace(/^ \[(.*) = (.*)\]$/, '$1=$2')];
    if (kind === 'LF_MEMBER') return [`${name} ${numbers(rest, 'Type', 'offset').join(' ')}`];
    if (kind === 'LF_STMEMBER') return [`static ${name} ${numbers(rest, 'type').join(' ')}`];
    return kind === '' ? [] : [`${kind} ${name}`.trim()];
  });

const FIELD_KINDS: Readonly<Record<string, readonly string[]>> = {
  base: ['LF_BCLASS'],
  'virtual-base': ['LF_VBCLASS', 'LF_IVBCLASS'],
  'virtual-table': ['LF_VFUNCTAB'],
  method: ['LF_METHOD', 'LF_ONEMETHOD'],
  nested: ['LF_NESTTYPE'],
  more: ['LF_INDEX'],
};
function fieldText(field: FieldRecord, wanted: string): string {
  if (field.kind === 'enumerate') return `${field.name}=${field.value}`;
  if (field.kind === 'member') return `${field.name} ${field.type} ${field.offset}`;
  if (field.kind === 'static') return `static ${field.name} ${field.type}`;
  const kind = FIELD_KINDS[field.kind]?.find((one) => wanted.startsWith(one)) ?? field.kind;
  return 'name' in field ? `${kind} ${field.name}` : kind;
}

const KINDS: Readonly<Record<string, string>> = { class: 'LF_CLASS', structure: 'LF_STRUCTURE', union: 'LF_UNION', interface: 'LF_INTERFACE' };

/** The same facts, from the record and from the listing. */
function facts(record: TypeRecord, { kind, name, body }: Listed): readonly [got: unknown, wanted: unknown] {
  const unique = /unique name: `(.*)`/.exec(body)?.[1];
  const isForward = body.includes('forward ref');
  switch (record.kind) {
    case 'pointer': {
      // Pointers to members have sizes of their own.
      const isPlain = /mode = (pointer|ref|rvalue ref),/.test(body);
      return [
        [record.to, isPlain ? record.sizeBytes : 0],
        [...numbers(body, 'referent'), !isPlain ? 0 : body.includes('kind = ptr64') ? 8 : 4],
      ];
    }
    case 'modifier':
      return [[record.of], numbers(body, 'referent')];
    case 'array':
      return [[record.sizeBytes, record.element], numbers(body, 'size', 'element type')];
    case 'bitfield':
      return [[record.of, record.position, record.bits], numbers(body, 'type', 'bit offset', '# bits')];
    case 'procedure':
      return [[record.returns, record.arguments], numbers(body, 'return type', 'param list')];
    case 'arguments':
      return [record.types.length, body.split('\n').filter((line) => /^ +(0x|<no type>)/.test(line)).length];
    case 'enum':
      return [
        [record.name, record.uniqueName, record.isForward, record.fieldList, record.base],
        [name, unique, isForward, ...numbers(body, 'field list', 'underlying type')],
      ];
    case 'field-list': {
      const fields = parseFieldList(record.bytes);
      const wanted = wantedFields(body);
      return [fields.ok && fields.value.map((field, at) => fieldText(field, wanted[at] ?? '')), wanted];
    }
    case 'other':
      return [/LF_(VTSHAPE|METHODLIST|VFTABLE|LABEL|TYPESERVER2|PRECOMP|ENDPRECOMP)/.test(kind), true];
    default:
      return [
        [KINDS[record.kind], record.name, record.uniqueName, record.isForward, record.fieldList, record.sizeBytes],
        [kind, name, unique, isForward, ...numbers(body, 'field list', 'sizeof')],
      ];
  }
}

function openStream(path: string): TypeStream {
  const pdb = openPdb(new ArraySource(corpusBytes(`symbols/${path}`), path));
  const types = pdb.ok ? openTypes(pdb.value) : pdb;
  if (!types.ok) throw new Error(JSON.stringify(types.missing));
  return types.value;
}

const withTypes = hasCorpus
  ? Object.keys(corpusJson<{ pdb: Record<string, unknown> }>('symbols/identity.json').pdb).filter(
      (path) => corpusHas(`symbols/${path}`) && corpusHas(listing(path)) && listed(path).length > 0,
    )
  : [];

describe.skipIf(!hasCorpus)('types of the corpus', () => {
  it('are there', () => {
    expect(withTypes.length).toBeGreaterThan(25);
  });

  it.each(withTypes)('%s: every record as llvm-pdbutil lists it', (path) => {
    const types = openStream(path);
    const wanted = listed(path);
    expect(types.count).toBe(listedCount(path));
    const different = wanted.flatMap((one) => {
      const record = types.record(one.index);
      const [got, listed] = record.ok ? facts(record.value, one) : [record.missing, 'a record'];
      return JSON.stringify(got) === JSON.stringify(listed) ? [] : [{ index: one.index, got, listed }];
    });
    expect(different).toEqual([]);
  });

  it.each(withTypes)('%s: forward references go where llvm-pdbutil says', (path) => {
    const types = openStream(path);
    const names = new TypeNames(types);
    for (const { index, body } of listed(path)) {
      const [, target] = /forward ref \(-> (0x[0-9A-F]+)\)/.exec(body) ?? [];
      const record = types.record(index);
      if (target === undefined || !record.ok || !('fieldList' in record.value)) continue;
      const complete = names.complete({ index, record: record.value });
      expect(complete.ok && complete.value.record.uniqueName).toBe(record.value.uniqueName);
      const meant = types.record(Number(target));
      expect(complete.ok && complete.value.record).toEqual(meant.ok && meant.value);
    }
  });

  it('are found without the index and the hashes too', () => {
    const path = 'pdb/symbolic/windows/crash.pdb';
    const types = openStream(path);
    const bare = new TypeNames(new TypeStream(types.header, streamOf(path), { ok: false, missing: { why: 'stream-absent', stream: 'TPI hashes' } }));
    for (const name of ['_RTL_CRITICAL_SECTION_DEBUG', 'tagPARAMDESC', 'std::exception']) {
      const wanted = new TypeNames(types).find(name);
      expect(wanted.ok && wanted.value.record.name).toBe(name);
      expect(bare.find(name)).toEqual(wanted);
    }
  });
});

function streamOf(path: string) {
  const pdb = openPdb(new ArraySource(corpusBytes(`symbols/${path}`), path));
  const stream = pdb.ok ? pdb.value.msf.stream(2) : pdb;
  if (!stream.ok) throw new Error('no TPI stream');
  return stream.value;
}

describe('hashes of names', () => {
  it('are those of the reference: words, then what is left, in lower case bits', () => {
    // By hand: "a" = 0x61 | 0x20202020 = 0x20202061; ^= >>> 11 (0x40404) gives 0x20242465; ^= >>> 16 (0x2024) gives 0x20240441.
    expect(hashName('a')).toBe(0x2024_0441);
    expect(hashName('A')).toBe(hashName('a'));
  });
});

describe('records that are cut or damaged', () => {
  it('have a reason', () => {
    const cut = Uint8Array.from([0x02, 0x10, 0x74, 0, 0, 0, 0x0c]);
    expect(parseTypeRecord(cut)).toMatchObject({ ok: false, missing: { why: 'not-valid', what: 'type record' } });
    const endless = Uint8Array.from([0x01, 0x12, 0xff, 0xff, 0xff, 0xff]);
    expect(parseTypeRecord(endless)).toMatchObject({ ok: false });
    const unknownField = Uint8Array.from([0x34, 0x12, 0, 0]);
    expect(parseFieldList(unknownField)).toMatchObject({ ok: false, missing: { why: 'not-valid', what: 'field list' } });
    const negativeOffset = Uint8Array.from([0x0d, 0x15, 3, 0, 0x74, 0, 0, 0, 0x00, 0x80, 0xff, 0x78, 0]);
    expect(parseFieldList(negativeOffset)).toMatchObject({ ok: false });
  });
});
