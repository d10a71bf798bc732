/** Objects of built dumps: the builder's own layouts are those of 10.0.19041, the readers' are the kept ones. */
import { describe, expect, it } from 'vitest';
import { va } from '../../base/address.ts';
import { valueOf } from '../../base/found.ts';
import { kernelMemory } from '../../target/kernelmemory.ts';
import { power9f } from '../../testing/build/scenes.ts';
import { kernelOf } from '../../testing/build/kernelscene.ts';
import { put, utf16 } from '../../testing/build/binary.ts';
import { flatten } from '../../testing/build/sparse.ts';
import { fakeSession } from '../../testing/node/fakesession.ts';
import { sessionOf } from '../../testing/node/sessions.ts';
import type { TypedMemory } from '../typedview.ts';
import { readDevice, readDeviceStack, readDriver } from './device.ts';
import { readIrp } from './irp.ts';
import { objectName } from './object.ts';
import { readProcess } from './process.ts';
import { readResource } from './resource.ts';
import { readThread, threadIrps } from './thread.ts';

function must<T>(value: { ok: true; value: T } | { ok: false; missing: unknown }): T {
  if (!value.ok) throw new Error(JSON.stringify(value.missing));
  return value.value;
}

const scene = power9f();
const session = sessionOf(flatten(kernelOf(scene, { kind: 'bitmap-full', sizeBytes: 4 * 1024 * 1024 }).dump), 'built.dmp');
const kernel = must(kernelMemory(session));

/** Memory by hand: bytes at addresses, in a kernel of this build. */
function handMade(memory: Readonly<Record<string, Uint8Array>>, build = 19041): TypedMemory {
  const hex = Object.fromEntries(Object.entries(memory).map(([at, bytes]) => [at, Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')]));
  return must(kernelMemory(fakeSession({ memory: hex, build })));
}
const bytes = (size: number, ...values: readonly (readonly [at: number, size: number, value: bigint | number])[]): Uint8Array => {
  const all = new Uint8Array(size);
  for (const [at, length, value] of values) put(all, at, length, value);
  return all;
};

describe('objects of a built dump', () => {
  it('say which layouts they were read with, and why', () => {
    expect(kernel.types.origin).toContain('10.0.19041.3448');
    expect(kernel.types.instead).toMatchObject({ why: 'no-symbols', module: 'nt' });
  });

  it('processes', () => {
    const [, wanted] = scene.others ?? [];
    const process = must(readProcess(kernel, va(wanted?.object.address ?? 0n)));
    expect(valueOf(process.name)).toBe(wanted?.object.imageName);
    expect(valueOf(process.id)).toBe(wanted?.object.id);
    expect(valueOf(process.parentId)).toBe(wanted?.object.parentId);
    expect(valueOf(process.directoryTableBase)).toBe(wanted?.object.directoryTableBase);
    expect(process.sessionId).toMatchObject({ ok: false, missing: { why: 'not-valid', got: 'null' } });
  });

  it('threads', () => {
    const wanted = scene.others?.[1]?.threads[0]?.object;
    const thread = must(readThread(kernel, va(wanted?.address ?? 0n)));
    expect(valueOf(thread.id)).toBe(wanted?.id);
    expect(valueOf(thread.process)).toBe(wanted?.process);
    expect(valueOf(thread.state)).toBe('Waiting');
    expect(valueOf(thread.waitReason)).toBe('UserRequest');
    expect([valueOf(thread.stackBase), valueOf(thread.stackLimit)]).toEqual([wanted?.stackBase, wanted?.stackLimit]);
    const running = must(readThread(kernel, va(scene.thread.address)));
    expect(valueOf(running.state)).toBe('Running');
    expect(running.waitReason).toMatchObject({ ok: false, missing: { why: 'not-computed' } });
    expect(threadIrps(running.view)).toEqual({ irps: [] });
  });

  it('IRPs with the driver that has them', () => {
    const irp = must(readIrp(kernel, va(scene.params[3])));
    expect([irp.stackCount, irp.currentLocation, irp.locations.length]).toEqual([3, 2, 3]);
    expect(valueOf(irp.status)).toBe(0xc00000bb);
    const current = must(irp.current);
    expect([valueOf(current.major), valueOf(current.minor)]).toEqual([0x16, 2]);
    const device = must(readDevice(kernel, must(current.device)));
    const driver = must(readDriver(kernel, must(device.driver)));
    expect(valueOf(driver.name)).toBe(String.raw`\Driver\ExampleNic`);
    expect(valueOf(driver.start)).toBe(scene.modules.find((module) => module.name === 'examplenic.sys')?.base);
  });

  it('device stacks from any device up, and why they may go on', () => {
    const stack = must(readDeviceStack(kernel, va(scene.params[1])));
    expect(stack.devices.map((device) => device.view.at)).toEqual([0xffffe0812c2e5050n, scene.params[1]]);
    expect(stack.ended).toEqual([{ why: 'not-valid', what: '_DEVICE_OBJECT.DeviceObjectExtension', got: 'null', wanted: 'a pointer' }]);
  });

  it('refuses what is something else', () => {
    expect(readIrp(kernel, va(scene.params[1]))).toMatchObject({ ok: false, missing: { why: 'not-valid', what: '_IRP.Type', got: '3', wanted: '6' } });
    expect(readProcess(kernel, va(scene.thread.address))).toMatchObject({ ok: false, missing: { what: '_EPROCESS.Pcb.Header.Type', got: '6' } });
    expect(readThread(kernel, va(0xffff8000_00000000n))).toMatchObject({ ok: false });
  });
});

describe('objects drawn by hand', () => {
  it('device stacks go down through DEVOBJ_EXTENSION.AttachedTo, and loops end', () => {
    const [top, bottom, extension] = [0xffffe000_00001000n, 0xffffe000_00002000n, 0xffffe000_00003000n];
    const memory = {
      [`${top}`]: bytes(0x150, [0, 2, 3], [0x138, 8, extension]),
      [`${bottom}`]: bytes(0x150, [0, 2, 3], [0x18, 8, top], [0x138, 8, extension + 0x100n]),
      [`${extension}`]: bytes(0x70, [0x30, 8, bottom]),
      [`${extension + 0x100n}`]: bytes(0x70, [0x28, 8, 0xffffe000_00004000n]),
    };
    const stack = must(readDeviceStack(handMade(memory), va(top)));
    expect(stack.devices.map((device) => device.view.at)).toEqual([top, bottom]);
    expect(stack.ended).toEqual([]);
    expect(stack.devices.map((device) => valueOf(device.deviceNode))).toEqual([0n, 0xffffe000_00004000n]);
    const loop = must(readDeviceStack(handMade({ [`${top}`]: bytes(0x150, [0, 2, 3], [0x18, 8, top]) }), va(top)));
    expect(loop.devices.length).toBe(65);
    expect(loop.ended).toContainEqual({ why: 'not-valid', what: 'device stack', got: 'more than 64 devices', wanted: 'an end' });
  });

  it('resources with the owner inside and those of the table', () => {
    const [at, table] = [0xffffe000_00001000n, 0xffffe000_00002000n];
    // OWNER_ENTRY.OwnerCount lies in bits 3 to 31 of the second word (10.0.18362 and later).
    const owner = (thread: bigint, count: number): (readonly [number, number, bigint | number])[] => [
      [0, 8, thread],
      [8, 4, count << 3],
    ];
    const resource = bytes(0x68, [0x10, 8, table], [0x18, 2, 2], [0x30, 8, 0xffffe000_0000a043n], [0x38, 4, 1 << 3], [0x44, 4, 7], [0x4c, 4, 5]);
    const entries = new Uint8Array(0x30);
    put(entries, 8, 4, 3);
    entries.set(bytes(0x10, ...owner(0xffffe000_0000b040n, 2)), 0x10);
    const read = must(readResource(handMade({ [`${at}`]: resource, [`${table}`]: entries }), va(at)));
    expect(read.owners).toEqual([
      { thread: 0xffffe000_0000a040n, count: 1 },
      { thread: 0xffffe000_0000b040n, count: 2 },
    ]);
    expect([valueOf(read.exclusive), valueOf(read.contentionCount), valueOf(read.exclusiveWaiters)]).toEqual([false, 7, 5]);
    expect(read.ended).toBeUndefined();
    const cut = must(readResource(handMade({ [`${at}`]: resource }), va(at)));
    expect(cut.owners.length).toBe(1);
    expect(cut.ended).toMatchObject({ why: 'not-in-dump' });
  });

  it('wait blocks in a row, and in older kernels in a ring', () => {
    const [thread, blocks, event] = [0xffffe000_00001000n, 0xffffe000_00005000n, 0xffffe000_00006000n];
    const row = new Uint8Array(0x60);
    put(row, 0x20, 8, event);
    put(row, 0x30 + 0x20, 8, event + 0x40n);
    const waiting = bytes(0x900, [0, 1, 6], [0xd0, 8, blocks], [0x184, 1, 5], [0x24b, 1, 2], [0x283, 1, 0]);
    const read = must(readThread(handMade({ [`${thread}`]: waiting, [`${blocks}`]: row }), va(thread)));
    expect(valueOf(read.waitReason)).toBe('Executive');
    expect(read.waitObjects).toEqual({ objects: [event, event + 0x40n] });
    // 7601: State at 0x164, WaitBlockList at 0x98, NextWaitBlock at 0x20 and Object at 0x18 of KWAIT_BLOCK.
    const ring = new Uint8Array(0x60);
    put(ring, 0x18, 8, event);
    put(ring, 0x20, 8, blocks + 0x30n);
    put(ring, 0x30 + 0x18, 8, event + 0x40n);
    put(ring, 0x30 + 0x20, 8, blocks);
    const old = bytes(0x500, [0, 1, 6], [0x98, 8, blocks], [0x164, 1, 5]);
    const older = must(readThread(handMade({ [`${thread}`]: old, [`${blocks}`]: ring }, 7601), va(thread)));
    expect(older.waitObjects).toEqual({ objects: [event, event + 0x40n] });
  });

  it('names of objects stand before their header', () => {
    // OBJECT_HEADER is 0x30 before the body; OBJECT_HEADER_NAME_INFO 0x20 before that, behind 0x20 of creator info.
    const body = 0xffffe000_00001080n;
    const before = new Uint8Array(0x80);
    const name = utf16('KnownDlls');
    put(before, 0x50 + 0x1a, 1, 3);
    put(before, 0x10 + 8, 2, name.length);
    put(before, 0x10 + 0x10, 8, 0xffffe000_00002000n);
    expect(objectName(handMade({ [`${body - 0x80n}`]: before, [`${0xffffe000_00002000n}`]: name }), va(body))).toEqual({ ok: true, value: 'KnownDlls' });
    put(before, 0x50 + 0x1a, 1, 1);
    expect(objectName(handMade({ [`${body - 0x80n}`]: before }), va(body))).toMatchObject({ ok: false, missing: { why: 'not-computed' } });
  });

  it('a build without a layout says so', () => {
    const session = fakeSession({ build: 17134 });
    expect(kernelMemory(session)).toMatchObject({
      ok: false,
      missing: { why: 'all-failed', attempts: [{ why: 'no-symbols' }, { why: 'unknown-layout', type: 'kernel types', build: 'x64 17134' }] },
    });
  });
});
