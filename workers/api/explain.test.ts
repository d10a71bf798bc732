import { describe, expect, it } from 'vitest';
import { loadKnowledge } from '../knowledge/load.ts';
import { codeRows, codeView, pastedView } from './explain.ts';

const knowledge = await loadKnowledge();
const view = (text: string) => {
  const [name, ...parts] = text.split('/');
  return codeView(knowledge, { view: name === 'status' ? 'status' : 'code', parts });
};

describe('addresses of pages', () => {
  it('a number, a number with 0x, a name', () => {
    for (const text of ['code/d1', 'code/0xD1', 'code/000000D1', 'code/DRIVER_IRQL_NOT_LESS_OR_EQUAL', 'code/driver_irql_not_less_or_equal'])
      expect(view(text)?.name, text).toBe('DRIVER_IRQL_NOT_LESS_OR_EQUAL');
    expect(view('status/STATUS_HEAP_CORRUPTION')?.code).toBe(0xc0000374);
    expect(view('status/91/win32')?.name).toBe('ERROR_DIR_NOT_EMPTY');
  });
  it('four arguments are shown with their values; one that is no number makes them all void', () => {
    expect(view('code/9f/3/ffffad8f6b1d5060/0/ffffad8f77d7fb20')?.arguments.map(({ value }) => value)).toEqual([
      '0000000000000003',
      'ffffad8f6b1d5060',
      '0000000000000000',
      'ffffad8f77d7fb20',
    ]);
    expect(view('code/9f/3/x')?.arguments.every(({ value }) => value === null)).toBe(true);
  });
  it.each(['code/', 'code/zz', 'code/__proto__', 'status/NOPE'])('%s has no page', (text) => expect(view(text)).toBeUndefined());
  it('survives cloning, and says which commands the console has', () => {
    const page = view('code/9c');
    expect(structuredClone(page)).toEqual(page);
    expect(page?.look.find(({ line }) => line === '.bugcheck')?.here).toBe(true);
  });
});

describe('the list of all codes', () => {
  const rows = codeRows(knowledge);
  it('has every bug check and every status, each with a page behind its address', () => {
    // 538 bug checks, 2,968 NTSTATUS, 33 exceptions, 76 fast fails, 3,213 Win32 errors, 3,985 HRESULTs.
    expect(rows).toHaveLength(538 + 2968 + 33 + 76 + 3213 + 3985);
    for (const row of rows.filter((_row, index) => index % 97 === 0)) expect(view(row.path)?.name, row.path).toBe(row.name);
  });
  it('tells reports of a running system from stops', () => {
    const kindOf = (code: number) => rows.find((row) => row.path === `code/${code.toString(16)}`)?.kind;
    expect([0xd1, 0x117, 0x124].map(kindOf)).toEqual(['stop', 'report', 'stop or report']);
  });
});

describe('pasted texts', () => {
  it('lead to the page of their code, and name the maker of the file', () => {
    const told = pastedView(knowledge, 'Stop code: VIDEO TDR FAILURE\nWhat failed: nvlddmkm.sys');
    expect([told.path, told.page?.name]).toEqual(['code/116', 'VIDEO_TDR_FAILURE']);
    expect(told.modules[0]).toMatchObject({ file: 'nvlddmkm.sys', vendor: 'NVIDIA', microsoft: false, update: 'https://www.nvidia.com/drivers' });
  });
  it('that hold nothing lead nowhere', () => expect(pastedView(knowledge, 'hello')).toMatchObject({ kind: 'nothing', path: null, page: null, modules: [] }));
  it('a stop of a maker’s own leads to a page', () => {
    const told = pastedView(knowledge, 'The bugcheck was: 0xa0000001 (0x0000000000000005, 0x0000000000000000, 0x0000000000000000, 0x0000000000000000).');
    expect([told.kind, told.path, told.page?.stopped]).toEqual(['stop', 'code/a0000001/5/0/0/0', 'yes']);
    expect(pastedView(knowledge, '0xA0000001').page?.family).toBe('A maker’s own stop code');
  });
});
