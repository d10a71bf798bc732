/** Records built by hand from UEFI appendix N: header 128 bytes, descriptors of 72, then the sections. */
import { describe, expect, test } from 'vitest';
import { driveSync } from '../base/job.ts';
import { loadKnowledge } from '../knowledge/load.ts';
import { fakeSession } from '../testing/node/fakesession.ts';
import { aerWords, parseErrorRecord } from './cper.ts';
import { judge } from './judge.ts';

const knowledge = await loadKnowledge();

/** A GUID's bytes in Windows' mixed order. */
function guidBytes(guid: string): number[] {
  const [a = '', b = '', c = '', d = '', e = ''] = guid.split('-');
  const pairs = (text: string): number[] => (text.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16));
  return [...pairs(a).reverse(), ...pairs(b).reverse(), ...pairs(c).reverse(), ...pairs(d), ...pairs(e)];
}

function record(type: string, section: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(200 + section.length);
  const view = new DataView(bytes.buffer);
  bytes.set([0x43, 0x50, 0x45, 0x52]);
  view.setUint32(6, 0xffffffff, true);
  view.setUint16(10, 1, true);
  view.setUint32(12, 1, true);
  view.setUint32(20, bytes.length, true);
  view.setUint32(128, 200, true);
  view.setUint32(132, section.length, true);
  bytes.set(guidBytes(type), 144);
  bytes.set(section, 200);
  return bytes;
}

const MCA = '8a1e1d01-42f9-4557-9c33-565e5cc3f7e8';
const PCIE = 'd995e954-bbc1-430f-ad91-b44dcb3c6f35';

function mcaSection(status: bigint): Uint8Array {
  const bytes = new Uint8Array(272);
  const view = new DataView(bytes.buffer);
  view.setUint32(4, 2, true);
  view.setUint32(36, 5, true);
  view.setBigUint64(40, status, true);
  view.setUint32(68, 7, true);
  // MCA_IPID: hardware id 0xB0, type 5: execution unit.
  view.setBigUint64(72, 0x0005_00b0_0000_0000n, true);
  return bytes;
}
function pcieSection(): Uint8Array {
  const bytes = new Uint8Array(208);
  const view = new DataView(bytes.buffer);
  view.setUint16(24, 0x10de, true);
  view.setUint16(26, 0x2684, true);
  // Class code 0x030000, low byte first.
  bytes.set([0, 0, 3], 28);
  bytes.set([0, 0], 31);
  bytes.set([1], 35);
  view.setUint32(116, 1 << 14, true);
  return bytes;
}
const hexOf = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

describe('error records', () => {
  test('a machine check: bank, processor, unit, words', () => {
    const read = parseErrorRecord(record(MCA, mcaSection(0xbea0000000000108n)), knowledge);
    expect(read.ok && read.value.mca).toMatchObject({
      bank: 5,
      apicId: 7,
      unit: 'execution',
      check: { kind: 'cache', uncorrected: true, contextCorrupt: true },
    });
  });
  test('PCI Express: device and class', () => {
    const read = parseErrorRecord(record(PCIE, pcieSection()), knowledge);
    expect(read.ok && read.value.pcie).toMatchObject({ vendorId: 0x10de, deviceId: 0x2684, bus: 1, classCode: 0x030000 });
    expect(aerWords(1 << 14)).toBe('completion timeout');
  });
  test('0x124 with the record in the dump names the device', () => {
    const at = 0xffffa000_00001000n;
    const verdict = driveSync(judge(fakeSession({ code: 0x124, params: [4n, at, 0n, 0n], memory: { [String(at)]: hexOf(record(PCIE, pcieSection())) } })));
    expect(verdict).toMatchObject({ cause: 'hardware', sureness: 'certain', culprit: { part: 'gpu' } });
  });
  test('what is cut or false is refused, and no count is believed', () => {
    const good = record(MCA, mcaSection(1n));
    for (let length = 0; length < good.length; length += 7) expect(() => parseErrorRecord(good.subarray(0, length), knowledge)).not.toThrow();
    const many = good.slice();
    new DataView(many.buffer).setUint16(10, 0xffff, true);
    expect(parseErrorRecord(many, knowledge).ok).toBe(true);
    const far = good.slice();
    new DataView(far.buffer).setUint32(128, 0xfffffff0, true);
    expect(parseErrorRecord(far, knowledge).ok).toBe(true);
    expect(parseErrorRecord(new Uint8Array(400), knowledge).ok).toBe(false);
  });
});
