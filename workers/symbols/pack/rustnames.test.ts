import { describe, expect, it } from 'vitest';
import { rva } from '../../base/address.ts';
import { valueOf } from '../../base/found.ts';
import { driveSync } from '../../base/job.ts';
import { ArraySource } from '../../bytes/source.ts';
import { SymbolCollector } from './collector.ts';
import { packFromSym } from './fromsym.ts';
import { FLAG_DECORATED, FLAG_FUNCTION, type Pack, PACK_KINDS } from './layout.ts';
import { PackTable } from './table.ts';

const LEGACY = '_ZN4core9panicking5panic17h0123456789abcdefE';
const V0 = '_RNvC7mycrate7example';
const encoder = new TextEncoder();

/** As publics of a PDB. */
function packOfPublics(): Pack {
  const collector = new SymbolCollector();
  const flags = PACK_KINDS.indexOf('public') | FLAG_DECORATED | FLAG_FUNCTION;
  for (const [at, name] of [LEGACY, V0].entries()) collector.add({ rva: 0x1000 + at * 0x10, size: 0, flags }, encoder.encode(name), 0, name.length);
  const parts = { partStarts: Uint32Array.of(0x1000), partEnds: Uint32Array.of(0x2000) };
  return driveSync(collector.finish({ origin: 'a.pdb', kind: 'pdb', key: '', arch: 'x64' }, parts));
}

function packOfSym(): Pack {
  const text = `MODULE Linux x86_64 000 a\nFUNC 1000 8 0 ${LEGACY}\nPUBLIC 1010 0 ${V0}\n`;
  const pack = valueOf(driveSync(packFromSym(new ArraySource(encoder.encode(text)))));
  if (!pack) throw new Error('no pack');
  return pack;
}

describe.each([
  ['publics of a PDB', packOfPublics],
  ['records of a .sym file', packOfSym],
])("Rust's names among the %s", (_, make) => {
  const table = new PackTable(make());
  it.each([
    [0x1004, 'core::panicking::panic', 4],
    [0x1011, 'mycrate::example', 1],
  ])('%s is in %s', (at, name, displacement) => {
    expect(table.nearest(rva(at))).toMatchObject({ ok: true, value: { name, displacement } });
    expect(valueOf(table.byName(name))).toBe(at - displacement);
    expect(table.match(name, 1)).toMatchObject([{ name }]);
  });
});
