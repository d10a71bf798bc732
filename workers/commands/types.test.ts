/** `dt` against published WinDbg texts, and against values drawn by hand. */
import { describe, expect, it } from 'vitest';
import { found, missing } from '../base/found.ts';
import { driveSync } from '../base/job.ts';
import { ArraySource } from '../bytes/source.ts';
import { openPdb } from '../formats/pdb/pdb.ts';
import { NO_SYMBOLS } from '../symbols/provider.ts';
import type { Session } from '../target/target.ts';
import { corpusBytes, hasCorpus } from '../testing/node/corpus.ts';
import { type Fake, fakeSession, qword } from '../testing/node/fakesession.ts';
import { ModuleTypes } from '../types/moduletypes.ts';
import { runCommand } from './run.ts';
import { formatNodes, type SymbolControl } from './spec.ts';
import { SPECS } from './specs.ts';

function lines(session: Session, command: string): string[] {
  const answer = driveSync(runCommand({ session, specs: SPECS, symbolControl: {} as SymbolControl }, command));
  return answer.ok ? formatNodes(answer.value).split('\n') : [`${answer.problem.code}: ${answer.problem.detail}`];
}

/** What the command says without the note on the layout's origin. */
const shown = (fake: Fake, command: string): string[] => lines(fakeSession(fake), command).filter((line) => !line.startsWith('kept layouts of'));

/** learn.microsoft.com and published kernel notes, `dt nt!_DRIVER_OBJECT` of a 64-bit kernel. Kept layouts do not know what functions return. */
const DRIVER_OBJECT = `
   +0x000 Type             : Int2B
   +0x002 Size             : Int2B
   +0x008 DeviceObject     : Ptr64 _DEVICE_OBJECT
   +0x010 Flags            : Uint4B
   +0x018 DriverStart      : Ptr64 Void
   +0x020 DriverSize       : Uint4B
   +0x028 DriverSection    : Ptr64 Void
   +0x030 DriverExtension  : Ptr64 _DRIVER_EXTENSION
   +0x038 DriverName       : _UNICODE_STRING
   +0x048 HardwareDatabase : Ptr64 _UNICODE_STRING
   +0x050 FastIoDispatch   : Ptr64 _FAST_IO_DISPATCH
   +0x058 DriverInit       : Ptr64     RETURN
   +0x060 DriverStartIo    : Ptr64     RETURN
   +0x068 DriverUnload     : Ptr64     RETURN
   +0x070 MajorFunction    : [28] Ptr64     RETURN`;
const withoutReturns = (text: string): string => text.replace(/ {4}(long|void) $/, '    RETURN');

const AT = 0xffffe000_00001000n;
const hexOf = (...words: readonly bigint[]): string => words.map(qword).join('');

describe('dt of a layout', () => {
  it('lists fields as WinDbg does', () => {
    expect(shown({}, 'dt nt!_DRIVER_OBJECT').map(withoutReturns)).toEqual(DRIVER_OBJECT.slice(1).split('\n'));
    expect(shown({}, 'dt _driver_object')[0]).toContain('there is no type or data named _driver_object');
  });

  it('says which layout it is and why, and that of another build is not taken', () => {
    expect(lines(fakeSession({}), 'dt nt!_LIST_ENTRY')[0]).toBe(
      'kept layouts of x64 build 19041 to 19045 (10.0.19041.3448 and 6 others agree): no symbols for nt: no PDB was loaded',
    );
    for (const name of ['nt!_LIST_ENTRY', '_LIST_ENTRY']) {
      expect(lines(fakeSession({ build: 17134 }), `dt ${name}`)[0]).toMatch(/layout of kernel types is not known for x64 17134/);
    }
  });

  it('lists names by pattern, with sizes when asked', () => {
    expect(shown({}, 'dt nt!_LIST_*')).toEqual(['          nt!_LIST_ENTRY']);
    expect(shown({}, 'dt -v -s 10 nt!_LIST_*')).toEqual(['           010 nt!_LIST_ENTRY']);
    expect(shown({}, 'dt nt!_NOTHING*')[0]).toContain('no type matches');
  });

  it('shows chosen fields, paths and prefixes, and leaves offsets out', () => {
    expect(shown({}, 'dt nt!_IRP StackCount Tail.Overlay.Thread')).toEqual([
      '   +0x042 StackCount : Char',
      '   +0x078 Tail       : ',
      '      +0x000 Overlay : ',
      '         +0x020 Thread : Ptr64 _ETHREAD',
    ]);
    expect(shown({}, 'dt -o nt!_LIST_ENTRY')).toEqual(['   Flink            : Ptr64 _LIST_ENTRY', '   Blink            : Ptr64 _LIST_ENTRY']);
    expect(shown({}, 'dt nt!_DRIVER_OBJECT Driver*').length).toBe(8);
  });

  it('counts elements and bytes with -v', () => {
    const text = shown({}, 'dt -v nt!_LIST_ENTRY');
    expect(text).toEqual([
      'struct _LIST_ENTRY, 2 elements, 0x10 bytes',
      '   +0x000 Flink            : Ptr64 to struct _LIST_ENTRY, 2 elements, 0x10 bytes',
      '   +0x008 Blink            : Ptr64 to struct _LIST_ENTRY, 2 elements, 0x10 bytes',
    ]);
  });

  it('lists an enum', () => {
    expect(shown({}, 'dt nt!_POOL_TYPE').slice(0, 2)).toEqual(['   NonPagedPool = 0n0', '   NonPagedPoolBase = 0n0']);
  });

  it('refuses what it does not know', () => {
    expect(shown({}, 'dt')[0]).toContain('a type is wanted');
    expect(shown({}, 'dt -z nt!_IRP')[0]).toContain('dt has no option -z');
    expect(shown({}, 'dt nowhere!_IRP')[0]).toContain('there is no module nowhere');
  });
});

describe('dt of memory', () => {
  it('shows lists, numbers, pointers and null', () => {
    const memory = { [`${AT}`]: hexOf(0xffffa604_f684e550n, 0xffffa604_f684e550n) };
    expect(shown({ memory }, `dt nt!_LIST_ENTRY ${AT.toString(16)}`)).toEqual([
      ' [ 0xffffa604`f684e550 - 0xffffa604`f684e550 ]',
      '   +0x000 Flink            : 0xffffa604`f684e550 _LIST_ENTRY',
      '   +0x008 Blink            : 0xffffa604`f684e550 _LIST_ENTRY',
    ]);
    expect(shown({ memory: { [`${AT}`]: hexOf(0n, 0x1d4c58n) } }, `dt nt!_LIST_ENTRY ${AT.toString(16)}`)[1]).toBe('   +0x000 Flink            : (null) ');
  });

  it('shows strings, arrays of characters, bit fields', () => {
    const name = Array.from(new TextEncoder().encode('System'), (byte) => byte.toString(16)).join('');
    const memory = { [`${AT + 0x5a8n}`]: `${name}000000000000000000`, [`${AT + 0x464n}`]: '04000000' };
    expect(shown({ memory }, `dt nt!_EPROCESS ${AT.toString(16)} ImageFileName ProcessExiting CreateReported`)).toEqual([
      '   +0x464 CreateReported : 0y0',
      '   +0x464 ProcessExiting : 0y1',
      '   +0x5a8 ImageFileName  : [15]  "System"',
    ]);
  });

  it('shows elements of arrays, and structs below pointers, to the depth that is asked', () => {
    const memory = { [`${AT}`]: hexOf(AT + 0x10n, 5n, AT, 6n) };
    expect(shown({ memory }, `dt -r1 nt!_LIST_ENTRY ${AT.toString(16)} Flink`)).toEqual([
      '   +0x000 Flink : 0xffffe000`00001010 _LIST_ENTRY',
      '      +0x000 Flink            : 0xffffe000`00001000 _LIST_ENTRY',
      '      +0x008 Blink            : 0x00000000`00000006 _LIST_ENTRY',
    ]);
    const functions = { [`${AT + 0x70n}`]: hexOf(0xfffff800_10000010n, 0n) };
    const element = (path: string): string[] => shown({ memory: functions }, `dt nt!_DRIVER_OBJECT ${AT.toString(16)} ${path}`);
    expect(element('MajorFunction[27]')[0]).toMatch(/^ {3}\+0x070 MajorFunction\[27\] : /);
    expect(element('MajorFunction[28]')).toEqual([expect.stringMatching(/^ {3}\+0x070 MajorFunction\[28\] : \?\?\?\?  \(.*28.*below 28\)$/)]);
    expect(element('Flags[1]')).toEqual([expect.stringMatching(/^ {3}\+0x010 Flags\[1\] +: \?\?\?\?  \(.*an array\)$/)]);
    expect(element('Driver[0].').filter((line) => line.includes('DriverStart'))).toEqual([]);
    expect(shown({ memory: functions }, `dt -a2 nt!_DRIVER_OBJECT ${AT.toString(16)} MajorFunction`)).toEqual([
      '   +0x070 MajorFunction : [28] 0xfffff800`10000010     void  nt+10',
      '    [00] 0xfffff800`10000010     void  nt+10',
      '    [01] (null) ',
    ]);
  });

  it('says why a value cannot be read', () => {
    expect(shown({}, `dt nt!_LIST_ENTRY ${AT.toString(16)} Blink`)).toEqual(['   +0x008 Blink : ????  (the memory at ffffe000`00001008 is not in this dump)']);
  });

  it('goes along a list and ends where it began', () => {
    const link = (at: bigint, next: bigint): Record<string, string> => ({ [`${at + 0x448n}`]: hexOf(next + 0x448n), [`${at + 0x440n}`]: hexOf(at & 0xffffn) });
    const memory = { ...link(AT, AT + 0x2000n), ...link(AT + 0x2000n, AT) };
    const rule = '---------------------------------------------';
    expect(shown({ memory }, `dt nt!_EPROCESS -l ActiveProcessLinks.Flink ${AT.toString(16)} UniqueProcessId`)).toEqual([
      'ActiveProcessLinks.Flink at 0xffffe000`00001000',
      rule,
      '   +0x440 UniqueProcessId : 0x00000000`00001000 Void',
      'ActiveProcessLinks.Flink at 0xffffe000`00003000',
      rule,
      '   +0x440 UniqueProcessId : 0x00000000`00003000 Void',
    ]);
  });
});

describe.skipIf(!hasCorpus)('dt with the types of a PDB', () => {
  it('prefers them and says nothing of kept layouts', () => {
    const pdb = openPdb(new ArraySource(corpusBytes('symbols/types/synth/store/ntkrnlmp.pdb/5278AFF86C341677D7D7835C85B7B8441/ntkrnlmp.pdb')));
    const session = fakeSession({});
    const types = new ModuleTypes({ symbols: { ...NO_SYMBOLS, pdb: () => pdb }, arch: 'x64', build: found(19041), layouts: missing({ why: 'not-computed' }) });
    const text = lines({ ...session, types }, 'dt nt!_DRIVER_OBJECT');
    expect(text.map(withoutReturns)).toEqual(DRIVER_OBJECT.slice(1).split('\n'));
    expect(lines({ ...session, types }, 'dt nt!_EJOB').length).toBeGreaterThan(50);
  });
});
