/** `!pte`, `!vtop`, `!vm`: a published text with its own numbers, and a built machine whose page tables the builder wrote. */
import { describe, expect, it } from 'vitest';
import { corpusHas } from '../testing/node/corpus.ts';
import { corpusSession } from '../testing/node/corpussession.ts';
import { fakeSession, qword } from '../testing/node/fakesession.ts';
import { shownLines as shown } from '../testing/node/handmade.ts';
import { leakSession, sampleSession } from '../testing/node/sessions.ts';

describe('!pte', () => {
  // github.com/DebugPrivilege/InsightEngineering, BAD_POOL_HEADER (0x19), "!pte ffffc48068d7d000"; the last line there is of the pool.
  const published = fakeSession({
    modules: ['ntoskrnl.exe'],
    kernelPointers: { PteBase: 0xfffffc0000000000n },
    memory: {
      '0xfffffc7e3f1f8c48': qword(0x0a00000010338863n),
      '0xfffffc7e3f189008': qword(0x0a00000010339863n),
      '0xfffffc7e31201a30': qword(0x0a0000000e0f5863n),
      '0xfffffc6240346be8': qword(0x00068dc000001000n),
    },
  });
  it('prints a published text', () => {
    expect(
      shown(published, '!pte ffffc48068d7d000')
        .slice(0, 4)
        .map((row) => row.trimEnd()),
    ).toEqual([
      '                                           VA ffffc48068d7d000',
      'PXE at FFFFFC7E3F1F8C48    PPE at FFFFFC7E3F189008    PDE at FFFFFC7E31201A30    PTE at FFFFFC6240346BE8',
      'contains 0A00000010338863  contains 0A00000010339863  contains 0A0000000E0F5863  contains 00068DC000001000',
      'pfn 10338     ---DA--KWEV  pfn 10339     ---DA--KWEV  pfn e0f5      ---DA--KWEV  not valid',
    ]);
  });

  it('stops at a large page, marks what is not in the dump', () => {
    const large = fakeSession({
      modules: ['ntoskrnl.exe'],
      build: 9600,
      memory: { '0xfffff6fb7dbedf80': qword(0xa84063n), '0xfffff6fb7dbf0030': qword(0xac5063n), '0xfffff6fb7e006a50': qword(0x2290009e3n) },
    });
    const text = shown(large, '!pte fffff801a95daba0');
    expect(text[1]).toBe('PXE at FFFFF6FB7DBEDF80    PPE at FFFFF6FB7DBF0030    PDE at FFFFF6FB7E006A50    PTE at FFFFF6FC00D4AED0');
    expect(text[3]).toBe('pfn a84       ---DA--KWEV  pfn ac5       ---DA--KWEV  pfn 229000    -GLDA--KWEV  LARGE PAGE');
    expect(shown(published, '!pte fffff801a95daba0')[2]).toMatch(/^contains \?{16} {2}contains \?{16}/);
    expect(shown(fakeSession({ modules: ['ntoskrnl.exe'], memory: { '0x1000': '00' } }), '!pte fffff801a95daba0')[0]).toMatch(
      /^BAD_ARGUMENT: KDBG does not tell PteBase/,
    );
  });

  it.skipIf(!corpusHas('kernel/eolar-4a.dmp'))('reads the entries that a real small dump keeps of the code that stopped', () => {
    const text = shown(corpusSession('kernel/eolar-4a.dmp'), '!pte @$ip');
    // Code of the kernel: read and execute, valid, for the kernel alone.
    expect(text[3]).toMatch(/-G--A--KREV\s*$/);
  });
});

describe('!vtop', () => {
  it('walks the tables of the built machine to the page that !pte names', () => {
    const session = leakSession();
    const text = shown(session, '!vtop 0 ffffe08170000050');
    expect(text[0]).toBe('Amd64VtoP: Virt ffffe08170000050, pagedir 00000000001ad000');
    // Index 0x1c1 of the top table: bits 47 to 39 of the address.
    expect(text[1]).toBe('Amd64VtoP: PML4E 00000000001ade08');
    const page = /pfn (\S+) +-\S+\s*$/.exec(shown(session, '!pte ffffe08170000050')[3] ?? '')?.[1];
    expect(text.at(-2)).toBe(`Virtual address ffffe08170000050 translates to physical address ${page}050.`);
    expect(shown(session, '!vtop 1ad000 ffffe08170000050')).toEqual(text);
    expect(shown(session, '!vtop 0 ffff000000000000').join('\n')).toMatch(/translation fails\nthe PML4E is 0x0, which is not a valid entry/);
    expect(shown(sampleSession(), '!vtop 0 @rip')[0]).toMatch(/^BAD_ARGUMENT: a small dump holds no physical pages/);
  });
});

describe('!vm', () => {
  it('prints pages and kilobytes (numbers of the documentation of 0x1AA and of a published !vm), and names what is not told', () => {
    expect(shown(leakSession(), '!vm')).toEqual([
      'Physical Memory:             1541186 (    6164744 Kb)',
      'Available Pages:              470550 (    1882200 Kb)',
      'Committed pages:             2355436 (    9421744 Kb)',
      'Commit limit:                5990642 (   23962568 Kb)',
      'KDBG names no: ResAvail Pages, NonPagedPool Usage, NonPagedPool Maximum, PagedPool Usage, PagedPool Maximum, PagedPool Commit, Shared Commit, Process Commit, Driver Commit, Commit peak, Commit limit, largest',
    ]);
  });

  it.skipIf(!corpusHas('kernel/eolar-4a.dmp'))('reads what a real small dump holds of it', () => {
    // DUMP_MM_STORAGE.CommittedPages, read at its place in the file.
    expect(shown(corpusSession('kernel/eolar-4a.dmp'), '!vm')).toContain('Committed pages:              490841 (    1963364 Kb)');
  });
});
