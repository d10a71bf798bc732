/** Reads built kernel dumps by hand: offsets counted from kdmp-parser's structs and the SDM, none of our parsers. */
import { describe, expect, it } from 'vitest';
import { ascii, get } from './binary.ts';
import { type BuiltKernelScene, type KernelOptions, kernelOf } from './kernelscene.ts';
import { driverFault } from './scenes.ts';
import { type SparsePlan, readPlan } from './sparse.ts';

class HandReader {
  private readonly plan: SparsePlan;
  constructor(plan: SparsePlan) {
    this.plan = plan;
  }
  number(offset: number, width: number): bigint {
    return get(readPlan(this.plan, offset, width), 0, width);
  }
  private fileOffset(pa: bigint): number | undefined {
    const pfn = pa >> 12n;
    const within = Number(pa & 0xfffn);
    if (this.number(0xf98, 4) === 1n) {
      let at = 0x2000;
      for (let run = 0; run < Number(this.number(0x88, 4)); run++) {
        const [base, count] = [this.number(0x98 + run * 16, 8), this.number(0xa0 + run * 16, 8)];
        if (pfn >= base && pfn < base + count) return at + Number(pfn - base) * 0x1000 + within;
        at += Number(count) * 0x1000;
      }
      return undefined;
    }
    if (this.number(0x2038 + Number(pfn >> 3n), 1) & (1n << (pfn & 7n))) {
      const bitmap = readPlan(this.plan, 0x2038, Number(pfn >> 3n) + 1);
      let before = 0;
      bitmap.forEach((byte, index) => {
        for (let bit = 0; bit < 8; bit++) if (byte & (1 << bit) && BigInt(index * 8 + bit) < pfn) before++;
      });
      return Number(this.number(0x2020, 8)) + before * 0x1000 + within;
    }
    return undefined;
  }
  translate(va: bigint, directory = this.number(0x10, 8)): bigint | undefined {
    let table = directory;
    for (const shift of [39n, 30n, 21n, 12n]) {
      const at = this.fileOffset(table + ((va >> shift) & 0x1ffn) * 8n);
      const entry = at === undefined ? 0n : this.number(at, 8);
      if ((entry & 1n) === 0n) return undefined;
      table = entry & 0xf_ffff_ffff_f000n;
    }
    return table + (va & 0xfffn);
  }
  read(va: bigint, length: number, directory?: bigint): Uint8Array | undefined {
    const out = new Uint8Array(length);
    for (let done = 0; done < length;) {
      const pa = this.translate(va + BigInt(done), directory);
      const at = pa === undefined ? undefined : this.fileOffset(pa);
      if (at === undefined || pa === undefined) return undefined;
      const count = Math.min(length - done, 0x1000 - Number(pa & 0xfffn));
      out.set(readPlan(this.plan, at, count), done);
      done += count;
    }
    return out;
  }
  u64(va: bigint): bigint {
    return get(this.read(va, 8) ?? new Uint8Array(8), 0, 8);
  }
}

const text = (bytes: Uint8Array | undefined): string => new TextDecoder('utf-16le').decode(bytes);
const open = (options: KernelOptions): { built: BuiltKernelScene; reader: HandReader } => {
  const built = kernelOf(driverFault(), options);
  return { built, reader: new HandReader(built.dump) };
};

describe.each(['full', 'bitmap-full', 'bitmap-kernel', 'live'] as const)('a %s dump', (kind) => {
  const { built, reader } = open({ kind });
  const scene = driverFault();

  it('has the header of its kind', () => {
    expect(readPlan(built.dump, 0, 8)).toEqual(ascii('PAGEDU64'));
    expect(reader.number(0xf98, 4)).toBe({ full: 1n, 'bitmap-full': 5n, 'bitmap-kernel': 6n, live: 6n }[kind]);
    expect(reader.number(0x1050, 4)).toBe(kind === 'live' ? 0x10n : 0n);
    expect(reader.number(0x38, 4)).toBe(0xd1n);
    expect(reader.number(0xfa0, 8)).toBe(BigInt(built.dump.size));
    if (kind !== 'full') {
      expect(readPlan(built.dump, 0x2000, 8)).toEqual(ascii(kind === 'bitmap-full' ? 'FDMPDUMP' : 'SDMPDUMP'));
      expect(Number(reader.number(0x2020, 8)) + Number(reader.number(0x2028, 8)) * 0x1000).toBe(built.dump.size);
    }
  });

  it('leads from the header over the page tables to the module list', () => {
    const head = reader.number(0x20, 8);
    const names: string[] = [];
    for (let entry = reader.u64(head); entry !== head && names.length < 100; entry = reader.u64(entry)) {
      const length = Number(get(reader.read(entry + 0x58n, 2) ?? new Uint8Array(2), 0, 2));
      names.push(text(reader.read(reader.u64(entry + 0x60n), length)));
      const base = reader.u64(entry + 0x30n);
      expect(reader.read(base, 2)).toEqual(ascii('MZ'));
    }
    expect(names).toEqual(scene.modules.map((each) => each.name));
    expect(reader.u64(reader.u64(head) + 8n)).toBe(head);
  });

  it('has a KDBG block that agrees with the header', () => {
    const kdbg = reader.number(0x80, 8);
    expect(reader.read(kdbg + 0x10n, 4)).toEqual(ascii('KDBG'));
    expect(reader.u64(kdbg + 0x48n)).toBe(reader.number(0x20, 8));
    expect(reader.u64(kdbg + 0x18n)).toBe(scene.modules[0]?.base);
  });

  it('lists processes, and their threads with stacks', () => {
    const head = reader.number(0x28, 8);
    const seen: string[] = [];
    for (let link = reader.u64(head); link !== head && seen.length < 50; link = reader.u64(link)) {
      const process = link - 0x448n;
      const name = new TextDecoder().decode(reader.read(process + 0x5a8n, 15)).replace(/\0.*/, '');
      let threads = 0;
      for (let thread = reader.u64(process + 0x5e0n); thread !== process + 0x5e0n && threads < 50; thread = reader.u64(thread)) {
        expect(reader.u64(thread - 0x4e8n + 0x220n)).toBe(process);
        expect(reader.read(reader.u64(thread - 0x4e8n + 0x58n), 8)).toBeDefined();
        threads++;
      }
      seen.push(`${name} ${threads}`);
    }
    expect(seen).toEqual([
      'System 5',
      'smss.exe 1',
      'csrss.exe 3',
      'wininit.exe 1',
      'services.exe 2',
      'lsass.exe 3',
      'svchost.exe 2',
      'explorer.exe 4',
      'examplegame.ex 5',
    ]);
  });

  it('holds every written byte at its address, and user memory only in its process', () => {
    for (const { address, bytes } of built.expected.filter((_, index) => index % 7 === 0)) expect(reader.read(address, bytes.length)).toEqual(bytes);
    expect(reader.read(0x7ffb10001000n, 4)).toBeUndefined();
    expect(reader.read(0x7ffb10001000n, 4, 0x300000n)).toEqual(Uint8Array.of(0x4c, 0x8b, 0xd1, 0xb8));
  });
});

describe('large and damaged machines', () => {
  it('plans 64 GB in a few megabytes, pages all over the file', () => {
    const { built, reader } = open({ kind: 'full', sizeBytes: 64 * 2 ** 30, marks: 32 });
    expect(built.dump.size).toBe(64 * 2 ** 30);
    expect(built.dump.parts.reduce((sum, part) => sum + part.bytes.length, 0)).toBeLessThan(8 * 2 ** 20);
    expect(Math.max(...built.dump.parts.map((part) => part.offset))).toBeGreaterThan(60 * 2 ** 30);
    expect(reader.read(reader.number(0x80, 8) + 0x10n, 4)).toEqual(ascii('KDBG'));
    for (const mark of built.dump.marked) expect(readPlan(built.dump, mark.offset, mark.text.length)).toEqual(ascii(mark.text));
  });

  it('can lack a page, and have one paged out', () => {
    const stack = driverFault().stack.address;
    const { built, reader } = open({ kind: 'bitmap-kernel', leaveOut: [stack], pagedOut: [0xffffb30c41a00000n] });
    expect(reader.translate(stack)).toBeDefined();
    expect(reader.read(stack, 8)).toBeUndefined();
    expect(reader.translate(0xffffb30c41a00000n)).toBeUndefined();
    expect(built.dump.size % 0x1000).toBe(0);
  });
});
