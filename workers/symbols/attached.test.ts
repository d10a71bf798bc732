import { expect, it } from 'vitest';
import { va } from '../base/address.ts';
import { found, missing } from '../base/found.ts';
import type { Module } from '../modules/module.ts';
import { AttachedSymbols, requestOf } from './attached.ts';
import { idsOf } from './service/want.ts';
import type { FromSymbols, WirePort } from './wire.ts';

const never = missing({ why: 'not-computed' });
const MODULE: Module = {
  name: 'app',
  imageName: 'app.exe',
  path: 'app.exe',
  base: va(0x10000n),
  size: 0x1000,
  checksum: never,
  version: never,
  identity: { pe: never, pdb: found({ file: 'app.pdb', guid: '3249d99d-0c40-4931-8610-f4e4fb0b6936', age: 1 }) },
  origin: 'test',
};

it('a PDB that could not be used gives its reason, once there is one', () => {
  const port: WirePort = { postMessage: () => undefined, onmessage: null, close: () => undefined };
  const symbols = new AttachedSymbols({ port, openFile: () => ({ name: '', size: 0, readBlock: () => new Uint8Array(0) }), onChange: () => undefined });
  const hear = (message: FromSymbols): void => port.onmessage?.({ data: message });
  expect(symbols.pdb(MODULE)).toMatchObject({ missing: { detail: 'its PDB has not arrived' } });
  const id = idsOf(requestOf({ module: MODULE, demand: 0, maker: null, image: false, whole: false })).pdb ?? '';
  const download = { id, module: 'app', kind: 'pdb', file: 'app.pdb', key: 'x' } as const;
  hear({ tell: 'download', download: { ...download, status: { state: 'waiting' } } });
  expect(symbols.pdb(MODULE)).toMatchObject({ missing: { detail: 'its PDB has not arrived' } });
  hear({ tell: 'download', download: { ...download, status: { state: 'failed', code: 'MISMATCH', detail: 'another age' } } });
  expect(symbols.pdb(MODULE)).toMatchObject({ missing: { module: 'app', detail: 'MISMATCH: another age' } });
  expect(symbols.table(MODULE)).toMatchObject({ missing: { detail: 'MISMATCH: another age' } });
});
