import { describe, expect, it } from 'vitest';
import { rva } from '../../base/address.ts';
import { valueOf } from '../../base/found.ts';
import { driveSync } from '../../base/job.ts';
import { ArraySource } from '../../bytes/source.ts';
import { smallPdb } from '../../testing/build/pdb.ts';
import { packFromPdb } from './frompdb.ts';
import { PackTable } from './table.ts';

function tableOf(): PackTable {
  const bytes = smallPdb();
  const pack = driveSync(packFromPdb(new ArraySource(bytes, 'made.pdb')));
  if (!pack.ok) throw new Error(JSON.stringify(pack.missing));
  return new PackTable(pack.value);
}

describe('code that was put elsewhere', () => {
  const table = tableOf();
  const nameAt = (at: number): string | undefined => {
    const hit = valueOf(table.nearest(rva(at)));
    return hit && `${hit.name}+${hit.displacement}`;
  };
  it('has the name of its procedure', () => {
    expect(nameAt(0x1010)).toBe('Hot+0');
    expect(nameAt(0x104f)).toBe('Hot+63');
    expect(nameAt(0x5100)).toBe('Hot+0');
    expect(nameAt(0x512f)).toBe('Hot+47');
    expect(nameAt(0x1080)).toBe('Next+0');
  });
  it('gives its name to no neighbour', () => {
    for (const at of [0x1000, 0x1050, 0x107f, 0x10a0, 0x50ff, 0x5130, 0x51ff]) expect(nameAt(at)).toBeUndefined();
  });
  it('leads by name to the procedure itself', () => expect(table.byName('Hot')).toEqual({ ok: true, value: 0x1010 }));
});
