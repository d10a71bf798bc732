/**
 * User-mode crashes: an invented program on an invented system DLL, for x64, x86 and ARM64, with stacks that unwind and the
 * code they return to.
 */
import { Binary, put } from './binary.ts';
import { arm64Context, x64Context, x86Context } from './context.ts';
import { type MinidumpModule, type MinidumpSpec, type MinidumpThread, buildMinidump } from './minidump.ts';
import { type BuiltPe, type FunctionSpec, buildPe } from './pe.ts';
import type { SparsePlan } from './sparse.ts';
import { type DrawnFrame, type LoadedPe, StackDrawing, addressIn } from './stack.ts';
import type { MemoryBlock } from './triage.ts';

const TIME = 1709664131;

const APP_FUNCTIONS: readonly FunctionSpec[] = [
  { name: 'main', prologue: { push: ['rbx'], alloc: 0x30 }, body: (code) => code.zero('rcx').call('LoadLevel').nop(1) },
  { name: 'LoadLevel', gap: 0x40, prologue: { push: ['rbx', 'rsi', 'rdi'], alloc: 0x60 }, body: (code) => code.call('ReadTexture').nop(3) },
  {
    name: 'ReadTexture',
    gap: 0x20,
    prologue: { push: ['rbp', 'rbx'], alloc: 0x48 },
    body: (code) => code.move('rbx', 'rcx').mark('fault').storeImmediate32({ base: 'rcx', displacement: 0x10 }, 1),
  },
];
const SYSTEM_FUNCTIONS: readonly FunctionSpec[] = [
  { name: 'RtlUserThreadStart', prologue: { alloc: 0x48 }, body: (code) => code.callRegister('rax', 'BaseThreadInitThunk').nop(3), exported: true },
  { name: 'NtWaitForSingleObject', body: (code) => code.raw(0x4c, 0x8b, 0xd1, 0xb8, 4, 0, 0, 0, 0x0f, 0x05).mark('after'), exported: true },
];
const BASE_FUNCTIONS: readonly FunctionSpec[] = [
  { name: 'BaseThreadInitThunk', prologue: { alloc: 0x28 }, body: (code) => code.callRegister('rax', 'main').nop(2), exported: true },
  {
    name: 'WaitForSingleObjectEx',
    prologue: { push: ['rbx', 'rdi'], alloc: 0x68 },
    body: (code) => code.callRegister('rax', 'NtWaitForSingleObject').nop(4),
    exported: true,
  },
];

interface UserMachine {
  readonly app: LoadedPe;
  readonly system: LoadedPe;
  readonly base: LoadedPe;
}

let images: { app: BuiltPe; system: BuiltPe; base: BuiltPe } | undefined;
function userMachine(): UserMachine {
  const image = (name: string, timestamp: number, functions: readonly FunctionSpec[]): BuiltPe => {
    const guid = `${timestamp.toString(16).padStart(8, '0')}-1111-4222-8333-444455556666`;
    return buildPe({
      name,
      timestamp,
      functions,
      sizeOfImage: 0x20000,
      pdb: { file: name.replace(/\.\w+$/, '.pdb'), guid, age: 1 },
      dll: name.endsWith('.dll'),
      subsystem: 3,
    });
  };
  images ??= {
    app: image('exampleapp.exe', 0x65a01234, APP_FUNCTIONS),
    system: image('ntdll.dll', 0x7b5414ec, SYSTEM_FUNCTIONS),
    base: image('kernel32.dll', 0x1b2c3d4e, BASE_FUNCTIONS),
  };
  return {
    app: { base: 0x7ff6_3a20_0000n, pe: images.app },
    system: { base: 0x7ffb_1000_0000n, pe: images.system },
    base: { base: 0x7ffa_f020_0000n, pe: images.base },
  };
}

export interface UserScene {
  readonly spec: MinidumpSpec;
  /** What a walk from the exception's context must give; x64 by unwind information, the others by frame pointers. */
  readonly frames: readonly DrawnFrame[];
}

function moduleOf({ base, pe }: LoadedPe, folder: string): MinidumpModule {
  const { name, timestamp, checksum, pdb } = pe.spec;
  return { base, size: pe.sizeOfImage, name: `${folder}\\${name}`, timestamp, checksum: checksum ?? 0, version: [10, 0, 19041, 1], ...(pdb ? { pdb } : {}) };
}

const imageMemory = ({ base, pe }: LoadedPe): MemoryBlock[] => pe.segments.map(({ rva, bytes }) => ({ address: base + BigInt(rva), bytes }));

function waitingThread(on: UserMachine, id: number, high: bigint): MinidumpThread {
  const drawing = new StackDrawing(high, 0x1000).push(0n).enter(on.system, 'RtlUserThreadStart').call(on.base, 'BaseThreadInitThunk');
  drawing.call(on.app, 'main').call(on.app, 'LoadLevel');
  drawing.set({ rbx: 0x44n, rdi: 0n });
  const drawn = drawing.finish(addressIn(on.app, 'LoadLevel>ReadTexture'));
  const rip = addressIn(on.app, 'LoadLevel>ReadTexture');
  return {
    id,
    teb: 0xd5f000n + BigInt(id),
    stack: { address: drawn.address, bytes: drawn.bytes },
    context: x64Context({ ...drawing.context(rip), user: true }, 0x10001f),
  };
}

/** c0000005 in exampleapp.exe: a write through a null pointer, on a thread that the program named. */
export function userCrashX64(more: Partial<MinidumpSpec> = {}): UserScene {
  const on = userMachine();
  const drawing = new StackDrawing(0xd5_eff0_0000n, 0x2000)
    .push(0n)
    .enter(on.system, 'RtlUserThreadStart')
    .call(on.base, 'BaseThreadInitThunk')
    .call(on.app, 'main');
  drawing.set({ rbx: 0x7ff6_3a21_0040n, rsi: 3n, rdi: 0x1f_2b3c_4d50n }).call(on.app, 'LoadLevel').set({ rbx: 1n }).call(on.app, 'ReadTexture');
  const rip = addressIn(on.app, 'ReadTexture:fault');
  const drawn = drawing.set({ rcx: 0n, rbx: 0n }).finish(rip);
  // The thread's own context stands in the wait of the reporter; only the exception's is the crash.
  const thread: MinidumpThread = {
    ...{ id: 0x1a2c, teb: 0xd5_f000_0000n, stack: { address: drawn.address - 0x800n, bytes: new Uint8Array(0x800 + drawn.bytes.length) } },
    ...{
      context: x64Context({ rsp: drawn.address - 0x700n, rip: addressIn(on.system, 'NtWaitForSingleObject:after'), user: true }, 0x10001f),
      name: 'Level loader',
    },
  };
  thread.stack.bytes.set(drawn.bytes, 0x800);
  const spec: MinidumpSpec = {
    ...{ arch: 'x64', time: TIME, processId: 0x1f3c, build: 19045 },
    threads: [thread, waitingThread(on, 0x1a30, 0xd5_f080_0000n)],
    exception: {
      threadId: 0x1a2c,
      code: 0xc0000005,
      address: rip,
      parameters: [1n, 0x10n],
      context: x64Context({ ...drawing.context(rip), rcx: 0n, user: true }, 0x10005f),
    },
    modules: [
      moduleOf(on.app, String.raw`C:\Games\Example`),
      moduleOf(on.system, String.raw`C:\Windows\System32`),
      moduleOf(on.base, String.raw`C:\Windows\System32`),
    ],
    unloaded: [{ base: 0x7ffa_0000_0000n, size: 0x10000, name: 'exampleoverlay.dll', timestamp: 0x62000000 }],
    memory: [on.app, on.system, on.base].flatMap(imageMemory),
    ...more,
  };
  return { spec, frames: drawn.frames };
}

/** x86: functions with ebp frames. Return addresses stand after call rel32. */
export function userCrashX86(): UserScene {
  const base = 0x0040_0000;
  // Three functions of 0x40 bytes: push ebp; mov ebp,esp; sub esp,10h; call next; leave; ret
  const code = new Uint8Array(0x1000).fill(0xcc);
  const bodyAt = (index: number): number => index * 0x40;
  const afterCall = 11;
  for (let index = 0; index < 3; index++) {
    const at = bodyAt(index);
    code.set([0x55, 0x8b, 0xec, 0x83, 0xec, 0x10, 0xe8], at);
    put(code, at + 7, 4, bodyAt(index + 1) - (at + afterCall));
    code.set([0xc9, 0xc3], at + afterCall);
  }
  // The last one reads [eax+8] instead of calling.
  code.set([0x8b, 0x48, 0x08, 0x90, 0x90], bodyAt(2) + 6);
  const text = base + 0x1000;
  const stack = new Uint8Array(0x400);
  const low = 0x0019_fc00;
  const high = low + stack.length;
  const frames: DrawnFrame[] = [];
  const names = ['main', 'LoadLevel', 'ReadTexture'];
  let esp = high - 0x40;
  let ebp = 0;
  const push = (value: number): void => {
    esp -= 4;
    put(stack, esp - low, 4, value);
  };
  push(0);
  for (let index = 0; index < 3; index++) {
    push(ebp);
    ebp = esp;
    esp -= 0x10;
    const ip = text + bodyAt(index) + (index === 2 ? 6 : afterCall);
    frames.push({ module: 'exampleapp32.exe', function: names[index] ?? '', ip: BigInt(ip), sp: BigInt(esp) });
    if (index < 2) push(ip);
  }
  const eip = text + bodyAt(2) + 6;
  const context = x86Context({ eip, esp, ebp, eax: 0, ecx: 3 });
  const spec: MinidumpSpec = {
    ...{ arch: 'x86', time: TIME, processId: 0x820, build: 19045 },
    threads: [{ id: 0x824, teb: 0x7ffdd000n, stack: { address: BigInt(esp), bytes: stack.slice(esp - low) }, context }],
    exception: { threadId: 0x824, code: 0xc0000005, address: BigInt(eip), parameters: [0n, 8n], context },
    modules: [
      {
        base: BigInt(base),
        size: 0x4000,
        name: String.raw`C:\Games\Example\exampleapp32.exe`,
        timestamp: 0x64f00001,
        pdb: { file: 'exampleapp32.pdb', guid: '01234567-89ab-4cde-8f01-23456789abcd', age: 2 },
      },
    ],
    memory: [{ address: BigInt(text), bytes: code }],
  };
  return { spec, frames: frames.reverse() };
}

/** ARM64: frames of x29 and x30 saved as a pair. Encodings: Arm Architecture Reference Manual, C6.2 (STP, BL, LDP, RET, LDR). */
export function arm64Functions(count: number): { readonly code: Uint8Array; readonly functionSize: number; readonly afterCall: number } {
  const functionSize = 0x40;
  const out = new Binary();
  for (let index = 0; index < count; index++) {
    // stp x29, x30, [sp, #-0x20]!; mov x29, sp; bl next; ldp x29, x30, [sp], #0x20; ret
    out
      .upTo(index * functionSize)
      .u32(0xa9be7bfd)
      .u32(0x910003fd);
    if (index < count - 1) out.u32(0x94000000 + (functionSize - 8) / 4);
    else out.u32(0xf9400401); // ldr x1, [x0, #8]
    out.u32(0xa8c27bfd).u32(0xd65f03c0);
  }
  return { code: out.upTo(Math.max(0x1000, count * functionSize)).finish(), functionSize, afterCall: 12 };
}

export interface Arm64Chain {
  readonly bytes: Uint8Array;
  readonly low: bigint;
  readonly sp: bigint;
  readonly fp: bigint;
  readonly pc: bigint;
  /** Innermost first. */
  readonly places: readonly { readonly ip: bigint; readonly sp: bigint }[];
}

/** The stack that `count` such functions leave behind, stopped at the last one's third instruction. */
export function arm64Chain(text: bigint, high: bigint, count: number): Arm64Chain {
  const { functionSize, afterCall } = arm64Functions(count);
  const bytes = new Uint8Array(0x400);
  const low = high - BigInt(bytes.length);
  const places: { ip: bigint; sp: bigint }[] = [];
  let [sp, fp, lr] = [high - 0x20n, 0n, 0n];
  for (let index = 0; index < count; index++) {
    sp -= 0x20n;
    put(bytes, Number(sp - low), 8, fp);
    put(bytes, Number(sp - low) + 8, 8, lr);
    fp = sp;
    lr = text + BigInt(index * functionSize + afterCall);
    places.push({ ip: index === count - 1 ? lr - 4n : lr, sp });
  }
  const pc = text + BigInt((count - 1) * functionSize + 8);
  return { bytes: bytes.slice(Number(sp - low)), low: sp, sp, fp, pc, places: places.reverse() };
}

export function userCrashArm64(): UserScene {
  const base = 0x7ff7_1000_0000n;
  const text = base + 0x1000n;
  const chain = arm64Chain(text, 0x9a_bcdf_0000n, 4);
  const context = arm64Context({ x: [0n, 1n], fp: chain.fp, lr: chain.pc + 4n, sp: chain.sp, pc: chain.pc, cpsr: 0x60000000 });
  const spec: MinidumpSpec = {
    ...{ arch: 'arm64', time: TIME, processId: 0x3d0, build: 22631 },
    threads: [{ id: 0x3d4, teb: 0x9a_0000_0000n, stack: { address: chain.low, bytes: chain.bytes }, context }],
    exception: { threadId: 0x3d4, code: 0xc0000005, address: chain.pc, parameters: [0n, 8n], context },
    modules: [
      {
        base,
        size: 0x8000,
        name: String.raw`C:\Apps\examplearm.exe`,
        timestamp: 0x65000002,
        pdb: { file: 'examplearm.pdb', guid: 'fedcba98-7654-4321-8fed-cba987654321', age: 1 },
      },
    ],
    memory: [{ address: text, bytes: arm64Functions(4).code }],
  };
  return { spec, frames: chain.places.map(({ ip, sp }) => ({ module: 'examplearm.exe', function: '', ip, sp })) };
}

/** The x64 crash with full memory: ranges after the head, and `emptyBytes` of zeros in `ranges` more, a gap between each. */
export function userFullMemory(emptyBytes = 0, ranges = 1): SparsePlan {
  const size = Math.floor(emptyBytes / ranges / 0x1000) * 0x1000;
  const rangeAt = (index: number): bigint => 0x2_0000_0000n + BigInt(index) * BigInt(size + 0x10000);
  const emptyRanges = size > 0 ? Array.from({ length: ranges }, (_, index) => ({ address: rangeAt(index), size })) : [];
  return buildMinidump(userCrashX64({ fullMemory: true, emptyRanges }).spec);
}
