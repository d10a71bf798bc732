import { describe, expect, it } from 'vitest';
import { addsNothing, saysTheSame } from './words.ts';

describe('two wordings of one fact', () => {
  it('are the same where only punctuation and case differ', () => {
    expect(saysTheSame('Stopped by disk.sys.', 'stopped by “disk.sys”')).toBe(true);
    expect(saysTheSame('Stopped by disk.sys.', 'Stopped by ndis.sys.')).toBe(false);
  });
  it('add nothing where a short label stands before the same names and numbers', () => {
    expect(addsNothing('Faulting IP disk.sys+0x556c.', 'The fault is at disk.sys+0x556c.')).toBe(true);
    expect(addsNothing('Bug check 0xD1 (0x28, 0x2).', 'Stop 0xD1 (0x28, 0x2).')).toBe(true);
  });
  it('both stand where the exact one names more or says more', () => {
    expect(addsNothing('Faulting IP disk.sys+0x556c at IRQL 2.', 'The fault is at disk.sys+0x556c.')).toBe(false);
    expect(addsNothing('IRQL 2', 'It happened at 2.')).toBe(false);
    expect(addsNothing('The read of 0x28 was made while paging was off.', 'It touched 0x28.')).toBe(false);
  });
});
