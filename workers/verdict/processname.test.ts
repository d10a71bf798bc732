import { describe, expect, it } from 'vitest';
import { toldName } from './processname.ts';

describe('names that the kernel cut', () => {
  it.each([
    ['SearchIndexer.', 'SearchIndexer…'],
    ['notmyfault64.e', 'notmyfault64…'],
    ['MoUsoCoreWorke', 'MoUsoCoreWorke…'],
    ['backgroundTask', 'backgroundTask…'],
    // Whole names: short ones, and one that just fits.
    ['svchost.exe', 'svchost.exe'],
    ['explorer64.exe', 'explorer64.exe'],
    ['System', 'System'],
    ['Registry', 'Registry'],
  ])('%s is told as %s', (name, told) => expect(toldName(name)).toBe(told));
});
