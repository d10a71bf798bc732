/** Fields by name over memory drawn by hand; the layouts are those of 10.0.19041 (offsets from the published tables). */
import { describe, expect, it } from 'vitest';
import { va } from '../base/address.ts';
import { valueOf } from '../base/found.ts';
import { kernelMemory } from '../target/kernelmemory.ts';
import { put, utf16 } from '../testing/build/binary.ts';
import { fakeSession } from '../testing/node/fakesession.ts';
import type { TypedMemory, TypedView } from './typedview.ts';

const AT = 0xffffe000_00001000n;

function memoryOf(parts: Readonly<Record<string, Uint8Array>>): TypedMemory {
  const memory = Object.fromEntries(Object.entries(parts).map(([at, bytes]) => [at, Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')]));
  const kernel = kernelMemory(fakeSession({ memory }));
  if (!kernel.ok) throw new Error('no kernel types');
  return kernel.value;
}
function viewOf(type: string, bytes: Uint8Array, more: Readonly<Record<string, Uint8Array>> = {}): TypedView {
  const view = valueOf(memoryOf({ [`${AT}`]: bytes, ...more }).view(type, va(AT)));
  if (!view) throw new Error(type);
  return view;
}
function bytesWith(size: number, ...values: readonly (readonly [at: number, size: number, value: bigint | number])[]): Uint8Array {
  const bytes = new Uint8Array(size);
  for (const [at, length, value] of values) put(bytes, at, length, value);
  return bytes;
}

describe('a typed view', () => {
  it('reads numbers of each width, signed and unsigned', () => {
    const irp = viewOf('_IRP', bytesWith(0xd0, [0, 2, 6], [0x10, 4, 0xffff_fffe], [0x30, 4, 0xc000_0001], [0x42, 1, 0xff]));
    expect([valueOf(irp.number('Type')), valueOf(irp.uint('Flags')), valueOf(irp.int('IoStatus.Status'))]).toEqual([6, 0xffff_fffen, -0x3fff_ffffn]);
    expect([valueOf(irp.int('StackCount')), valueOf(irp.uint('StackCount'))]).toEqual([-1n, 255n]);
  });

  it('reads bit fields out of their integer', () => {
    // _EPROCESS.Flags at 0x464: CreateReported is bit 0, AddressSpaceInitialized bits 10 and 11.
    const process = viewOf('_EPROCESS', bytesWith(0xa40, [0x464, 4, 0b1000_0000_0001]));
    expect([valueOf(process.flag('CreateReported')), valueOf(process.flag('ProcessExiting')), valueOf(process.uint('AddressSpaceInitialized'))]).toEqual([
      true,
      false,
      2n,
    ]);
  });

  it('goes through structs and elements of arrays', () => {
    const driver = viewOf('_DRIVER_OBJECT', bytesWith(0x150, [0x70 + 3 * 8, 8, 0x1234n]));
    expect(valueOf(driver.pointer('MajorFunction[3]'))).toBe(0x1234n);
    expect(driver.uint('MajorFunction[28]')).toMatchObject({ ok: false, missing: { why: 'not-valid', what: 'index', got: '28' } });
    expect(valueOf(viewOf('_IRP', bytesWith(0xd0, [0x98, 8, AT])).pointer('Tail.Overlay.Thread'))).toBe(AT);
  });

  it('follows pointers and refuses null', () => {
    const device = bytesWith(0x150, [8, 8, AT + 0x1000n]);
    const view = viewOf('_DEVICE_OBJECT', device, { [`${AT + 0x1000n}`]: bytesWith(0x150, [0, 2, 4]) });
    expect(valueOf(valueOf(view.follow('DriverObject'))?.number('Type') ?? view.number('Type'))).toBe(4);
    expect(view.follow('NextDevice')).toMatchObject({ ok: false, missing: { why: 'not-valid', got: 'null' } });
  });

  it('reads counted and other text', () => {
    const name = utf16('\\Driver\\pci');
    const driver = bytesWith(0x150, [0x38, 2, name.length], [0x3a, 2, name.length], [0x40, 8, AT + 0x1000n]);
    expect(viewOf('_DRIVER_OBJECT', driver, { [`${AT + 0x1000n}`]: name }).text('DriverName')).toEqual({ ok: true, value: '\\Driver\\pci' });
    expect(viewOf('_DRIVER_OBJECT', bytesWith(0x150, [0x38, 2, 3])).text('DriverName')).toMatchObject({ ok: false, missing: { got: '3' } });
    expect(viewOf('_DRIVER_OBJECT', bytesWith(0x150)).text('DriverName')).toEqual({ ok: true, value: '' });
    expect(viewOf('_EPROCESS', bytesWith(0xa40, [0x5a8, 4, 0x2e736d73])).text('ImageFileName')).toEqual({ ok: true, value: 'sms.' });
    expect(viewOf('_DRIVER_OBJECT', driver).text('DriverName')).toMatchObject({ ok: false, missing: { why: 'not-in-dump' } });
  });

  it('names values of enums', () => {
    const file = viewOf('_DEVICE_NODE', bytesWith(0x320, [0x12c, 4, 0x308]));
    expect(file.enumName('State')).toEqual({ ok: true, value: 'DeviceNodeStarted' });
    expect(file.enumName('Flags')).toMatchObject({ ok: false });
  });

  it('walks lists to their head, and says why it stopped sooner', () => {
    const head = AT + 0x5e0n;
    const link = (at: bigint, next: bigint): Readonly<Record<string, Uint8Array>> => ({ [`${at + 0x4e8n}`]: bytesWith(16, [0, 8, next]) });
    const walk = (parts: Readonly<Record<string, Uint8Array>>, limit = 8): unknown[] => {
      const view = valueOf(memoryOf({ [`${head}`]: bytesWith(16, [0, 8, AT + 0x1000n + 0x4e8n]), ...parts }).view('_EPROCESS', va(AT)));
      if (!view) throw new Error('no view');
      const members = view.members('ThreadListHead', { type: '_ETHREAD', link: 'ThreadListEntry', limit });
      const seen: unknown[] = [];
      for (let next = members.next(); ; next = members.next()) {
        if (next.done) return [...seen, next.value?.why ?? 'head'];
        seen.push(next.value.at - AT);
      }
    };
    const second = link(AT + 0x1000n, AT + 0x2000n + 0x4e8n);
    expect(walk({ ...second, ...link(AT + 0x2000n, head) })).toEqual([0x1000n, 0x2000n, 'head']);
    expect(walk(second)).toEqual([0x1000n, 0x2000n, 'not-in-dump']);
    expect(walk(link(AT + 0x1000n, AT + 0x1000n + 0x4e8n))).toEqual([0x1000n, 'not-valid']);
    expect(walk({ ...second, ...link(AT + 0x2000n, AT + 0x3000n + 0x4e8n) }, 1)).toEqual([0x1000n, 'not-valid']);
  });

  it('keeps the reason: no such field, no such type, no such memory, not a number', () => {
    const view = viewOf('_LIST_ENTRY', bytesWith(8));
    expect(view.uint('Nothing')).toMatchObject({ ok: false, missing: { why: 'unknown-layout', type: '_LIST_ENTRY.Nothing' } });
    expect(view.memory.view('_NOTHING', va(AT))).toMatchObject({ ok: false, missing: { why: 'unknown-layout', type: '_NOTHING' } });
    expect(view.uint('Blink')).toMatchObject({ ok: false, missing: { why: 'not-in-dump', at: AT + 8n } });
    expect(viewOf('_IRP', bytesWith(0xd0)).uint('IoStatus')).toMatchObject({ ok: false, missing: { why: 'not-valid', got: '_IO_STATUS_BLOCK' } });
    expect(viewOf('_IRP', bytesWith(0xd0, [0x10, 4, 1])).uint('Flags.Deep')).toMatchObject({ ok: false, missing: { why: 'not-valid' } });
  });
});
