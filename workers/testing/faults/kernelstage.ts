/** A machine, drawn from a seed, on which a fault is about to happen; and what Windows then does and writes. */
import type { X64Registers } from '../build/context.ts';
import type { BugCheckParams } from '../build/dumpheader.ts';
import { kernelOf } from '../build/kernelscene.ts';
import {
  type Machine,
  SYSTEM_PROCESS,
  type Scene,
  type SceneProcess,
  type SceneSpec,
  type SceneThread,
  bugCheckHere,
  scene,
  triageOf,
} from '../build/scene.ts';
import type { KernelDumpKind } from '../build/kerneldump.ts';
import { ordinaryProcesses, waitingThread } from '../build/processes.ts';
import { WINDOWS_18362_X64, WINDOWS_19041_X64, WINDOWS_22621_X64, WINDOWS_26100_X64 } from '../build/layouts.ts';
import type { ProcessObject, ThreadObject } from '../build/objects.ts';
import { imageBytes } from '../build/pe.ts';
import { flatten } from '../build/sparse.ts';
import { type LoadedPe, StackDrawing, type TrapSpec, addressIn } from '../build/stack.ts';
import type { MemoryBlock, TriageSpec } from '../build/triage.ts';
import type { ModuleSpec } from '../build/windows.ts';
import { type Access, accessOf } from './code.ts';
import { type Draw } from './draw.ts';
import { type LoadedDriver, ROLES, type Role, type ThirdParty, thirdParty } from './drivers.ts';
import { NoisyStack } from './noise.ts';
import type { AtHand, MadeFault, Truth } from './truth.ts';
import { windowsModules } from './windowscode.ts';

const DRIVERS = String.raw`\SystemRoot\System32\drivers`;
const PROCESSES = ['chrome.exe', 'explorer.exe', 'svchost.exe', 'MsMpEng.exe', 'examplegame.exe', 'SearchIndexer.', 'dwm.exe', 'avp.exe'];

/** What ExitStatus holds while a process runs (ntstatus.h). */
const STATUS_PENDING = 0x103;

export interface StageOptions {
  /** Third-party drivers that take part, in the order of `actors`. */
  readonly actors?: readonly Role[];
  /** Leftovers of innocent drivers all over the stack. */
  readonly loud?: boolean;
  readonly process?: string;
  /** Year of link of every innocent driver. */
  readonly innocentYear?: number;
  /** Files that are loaded as well: drivers of a virtual machine's guest, a program that runs such machines. */
  readonly alsoLoaded?: readonly string[];
  /** What innocent drivers are for; of any kind where it is not told. */
  readonly innocentRoles?: readonly Role[];
  /** No other third-party driver is loaded. */
  readonly alone?: boolean;
  /** File name and year of link of the first actor. */
  readonly first?: { readonly name?: string; readonly year?: number };
}

/** A fault of the processor: where, on what address, and the trap frame it left. */
export interface Fault {
  readonly rip: bigint;
  readonly cr2: bigint;
  readonly trapFrame: bigint;
  /** As they were before the processor entered its handler. */
  readonly registers: X64Registers;
}
export interface Aim extends Omit<Fault, 'trapFrame'> {
  readonly mark: string;
}

export const isCanonical = (address: bigint): boolean => address < 0x8000_0000_0000n || address >= 0xffff_8000_0000_0000n;

export interface StopOptions {
  readonly cr2?: bigint;
  readonly trapFrame?: bigint;
  readonly thread?: Partial<ThreadObject>;
  readonly processor?: number;
  readonly unloaded?: NonNullable<SceneSpec['unloaded']>;
  readonly upTime?: bigint;
  readonly blobs?: NonNullable<SceneSpec['blobs']>;
  readonly live?: boolean;
  /** What the file is, over what the stage says; what neither tells is drawn. */
  readonly file?: FileOptions;
  /** The crashing process ended with this NTSTATUS. */
  readonly exitStatus?: number;
  /** Changes what is written after everything is drawn. */
  readonly change?: (made: Scene) => Scene;
}

export interface FileOptions {
  /** Mostly a small dump; the others hold the kernel's memory. */
  readonly kind?: KernelDumpKind | 'triage';
  /** A small dump holds the code that its return addresses point at. */
  readonly keepCode?: boolean;
  /** What else a small dump says: the driver that the kernel noted, the memory manager's numbers. */
  readonly notes?: Pick<TriageSpec, 'brokenDriver' | 'mm'>;
}

function place(parties: readonly ThirdParty[], draw: Draw): ModuleSpec[] {
  const windows = windowsModules();
  const slide = (BigInt(draw.below(0x700)) << 24n) + BigInt(draw.below(0x400)) * 0x200000n - 0x6_0000_0000n;
  const moved = windows.map((module) => ({ ...module, base: module.base + slide }));
  const last = moved.at(-1);
  let next = (last ? last.base + BigInt(last.size) : slide) + 0x1230000n;
  const loaded = parties.map(({ name, image }): ModuleSpec => {
    const base = next;
    next += BigInt(Math.ceil(image.sizeOfImage / 0x10000) * 0x10000 + 0x10000 * draw.between(1, 8));
    return { name, path: `${DRIVERS}\\${name}`, base, size: image.sizeOfImage, timestamp: image.spec.timestamp, checksum: image.spec.checksum ?? 0, image };
  });
  return [...moved, ...loaded];
}

export class KernelStage {
  readonly draw: Draw;
  readonly machine: Machine;
  readonly actors: readonly LoadedDriver[];
  readonly innocents: readonly LoadedDriver[];
  readonly stack: NoisyStack;
  readonly memory: MemoryBlock[] = [];
  atHand: AtHand;
  irql = 0;
  file: FileOptions = {};
  process: ProcessObject = SYSTEM_PROCESS;
  thread: Partial<ThreadObject> = {};
  private readonly userName: string;
  private readonly waiting: SceneThread[] = [];
  private detector = 'ntoskrnl.exe';
  private faulted: string | undefined;
  private current: { readonly image: LoadedPe; readonly name: string } | undefined;
  private readonly codeAt: bigint[] = [];
  /** Bytes of images that memory holds otherwise than the file. */
  private readonly flipped: { readonly address: bigint; readonly mask: number }[] = [];

  constructor(draw: Draw, options: StageOptions = {}) {
    this.draw = draw;
    const year = (): number => options.innocentYear ?? draw.between(2010, 2023);
    const { first } = options;
    const wanted = (options.actors ?? []).map((role, index) => (index === 0 ? thirdParty(draw, role, first?.year, first?.name) : thirdParty(draw, role)));
    const others = Array.from({ length: options.alone ? 0 : draw.between(3, 7) }, () => thirdParty(draw, draw.pick(options.innocentRoles ?? ROLES), year()));
    const more = (options.alsoLoaded ?? []).map((name) => thirdParty(draw, 'tool', 2020, name));
    const parties = [...wanted, ...others, ...more].filter((one, index, all) => all.findIndex((each) => each.name === one.name) === index);
    const modules = place(parties, draw);
    const image = (name: string): LoadedDriver => {
      const found = modules.find((each) => each.name === name);
      if (!found) throw new Error(`no module ${name}`);
      return { base: found.base, pe: found.image, name };
    };
    this.machine = { modules, nt: image('ntoskrnl.exe'), image };
    this.actors = wanted.map(({ name }) => image(name));
    this.innocents = parties.filter(({ name }) => !wanted.some((one) => one.name === name)).map(({ name }) => image(name));
    const from = options.loud ? this.innocents : draw.some([...this.innocents, this.nt, image('Ntfs.sys'), image('FLTMGR.SYS')], 4);
    const noise = { density: options.loud ? 0.35 : draw.pick([0, 0.05, 0.15]), returns: options.loud ? 0.5 : 0.2, from };
    this.stack = new NoisyStack(draw, noise, { high: draw.stackTop(), room: 0x6000 });
    this.atHand = draw.pick(['nothing', 'nothing', 'images', 'names']);
    this.userName = options.process ?? draw.pick(PROCESSES);
    this.stack.set({ rbx: draw.pool(), rbp: draw.pool(), rsi: draw.pool(), rdi: draw.u64() & 0xffn, r12: 1n, r13: 0n, r14: draw.pool(), r15: 0n });
  }

  /** Names of every file of Windows that is loaded. */
  get windows(): readonly string[] {
    return windowsModules().map(({ name }) => name);
  }
  get nt(): LoadedPe {
    return this.machine.nt;
  }
  image(name: string): LoadedPe {
    return this.machine.image(name);
  }
  /** A file that was asked for as also loaded. */
  loaded(name: string): LoadedDriver {
    return { ...this.machine.image(name), name };
  }
  actor(index = 0): LoadedDriver {
    const found = this.actors[index];
    if (!found) throw new Error(`no actor ${index}`);
    return found;
  }

  enter(image: LoadedPe, name: string): this {
    this.stack.push(0n).enter(image, name);
    this.current = { image, name };
    return this;
  }

  /** The running function calls; `via` names an indirect call. */
  call(image: LoadedPe, name: string, via?: string): this {
    const stem = image.pe.spec.name.replace(/\.\w+$/, '').replace('ntoskrnl', 'nt');
    this.stack.call(image, name, via ?? (this.current?.image.base === image.base ? name : `${stem}!${name}`));
    this.current = { image, name };
    return this;
  }

  /** A chain of calls within one image. */
  chain(image: LoadedPe, ...names: readonly string[]): this {
    for (const name of names) this.call(image, name);
    return this;
  }

  /** A user thread of a process of this machine has called into the kernel; without a service, that one has come back already. */
  fromUser(service?: string): this {
    const { draw } = this;
    const address = draw.pool() & ~0x3fn;
    this.process = {
      address,
      imageName: this.userName,
      id: draw.between(0x100, 0x900) * 4,
      parentId: 0x11a8,
      directoryTableBase: BigInt(draw.between(0x1000, 0x9000)) << 12n,
    };
    this.thread = { id: draw.between(0x100, 0x2000) * 4, teb: 0x8d2ee00000n + BigInt(draw.below(0x100)) * 0x2000n };
    this.stack.trap(this.nt, 'KiSystemServiceCopyEnd', {
      fromUser: { rip: 0x7ffb1000100an, rsp: 0x8d2f0ff388n },
      registers: { rax: BigInt(draw.below(0x100)) },
    });
    this.current = { image: this.nt, name: 'KiSystemServiceCopyEnd' };
    return service === undefined ? this : this.call(this.nt, service, 'SystemService');
  }

  /** The processor enters a handler at a mark of the running function. */
  trap(handler: string, spec: TrapSpec): bigint {
    const { draw } = this;
    const registers = { rax: draw.pool(), r10: draw.u64() & 0xffffn, r11: this.stack.rsp, ...spec.registers };
    const at = this.stack.trap(this.nt, handler, { irql: this.irql, ...spec, registers });
    this.current = { image: this.nt, name: handler };
    return at;
  }

  /** The running function is about to read or write through `pointer`: its registers, and what it would fault with. */
  aim(pointer: bigint, write = false): Aim {
    const { base, displacement } = this.access();
    this.stack.local(0x28, pointer).set({ [base]: pointer });
    const mark = write ? 'write' : 'read';
    this.faulted = this.running().image.pe.spec.name;
    const rip = this.placeOf(mark);
    return { rip, mark, cr2: BigInt.asUintN(64, pointer + BigInt(displacement)), registers: this.stack.context(rip) };
  }

  /** It does, and the processor enters the handler for it: an address that is not canonical leaves nothing in CR2. */
  touch(pointer: bigint, write = false): Fault {
    const { rip, mark, cr2, registers } = this.aim(pointer, write);
    const trapFrame = isCanonical(cr2) ? this.trap('KiPageFault', { mark, cr2, errorCode: write ? 2n : 0n }) : this.trap('KiGeneralProtectionFault', { mark });
    return { rip, cr2, trapFrame, registers };
  }

  /** Where the running function stands when it faults at a mark. */
  placeOf(mark: string): bigint {
    const { image, name } = this.running();
    const rip = addressIn(image, `${name}:${mark}`);
    this.codeAt.push(rip);
    return rip;
  }
  /** Name of the running function. */
  runs(): string {
    return this.running().name;
  }
  /** How the running function reaches into memory at its marks. */
  access(): Access {
    const { image, name } = this.running();
    return accessOf(image.pe.spec.name, name);
  }
  /** Bits of a byte of code turn over in memory. */
  flip(address: bigint, mask: number): void {
    this.flipped.push({ address, mask });
  }
  private withFlips(block: MemoryBlock): MemoryBlock {
    const bytes = Uint8Array.from(block.bytes);
    for (const { address, mask } of this.flipped) {
      const at = Number(address - block.address);
      const held = at >= 0 && at < bytes.length ? bytes[at] : undefined;
      if (held !== undefined) bytes[at] = held ^ mask;
    }
    return { address: block.address, bytes };
  }

  /** Where the running function goes on after a call through `via`. */
  returnOf(via: string): bigint {
    const { image, name } = this.running();
    return addressIn(image, `${name}>${via}`);
  }
  private running(): { readonly image: LoadedPe; readonly name: string } {
    if (!this.current) throw new Error('nothing is running');
    return this.current;
  }

  /** Another thread of the system waits in a driver: its object's address. Only dumps of the kernel's memory hold it. */
  waitsIn(driver: LoadedDriver): bigint {
    const { draw, nt } = this;
    const drawing = new StackDrawing(draw.stackTop(), 0x2000).push(0n).enter(nt, 'KiStartSystemThread').call(nt, 'PspSystemThreadStartup');
    drawing.call(driver, 'Work', 'StartRoutine').call(driver, 'Fault').call(nt, 'KeWaitForSingleObject', 'nt!KeWaitForSingleObject');
    for (const name of ['KiCommitThreadWait', 'KiSwapThread', 'KiSwapContext', 'SwapContext']) drawing.call(nt, name);
    const address = draw.pool() & ~0x3fn;
    this.waiting.push(waitingThread(drawing, { process: SYSTEM_PROCESS, address, id: draw.between(0x80, 0x800) * 4, reason: 0 }));
    return address;
  }

  /** Ends in KeBugCheckEx and writes the dump. */
  stop(bugCheck: number, params: BugCheckParams, truth: Truth, options: StopOptions = {}): MadeFault {
    const { image } = this.running();
    this.detector = image.pe.spec.name;
    this.stack.reach(this.nt, 'KeBugCheckEx', image.base === this.nt.base ? 'KeBugCheckEx' : 'nt!KeBugCheckEx');
    bugCheckHere(this.stack, bugCheck, params);
    return this.write(bugCheck, params, truth, options);
  }

  /** Writes the dump as the stack stands; `stop` before it where KeBugCheckEx is on the stack. */
  write(bugCheck: number, params: BugCheckParams, truth: Truth, options: StopOptions = {}): MadeFault {
    const { draw, machine } = this;
    const { change, live = false, file = {}, exitStatus, thread, ...more } = options;
    const made = scene({
      offsets: draw.pick([WINDOWS_18362_X64, WINDOWS_19041_X64, WINDOWS_19041_X64, WINDOWS_22621_X64, WINDOWS_26100_X64]),
      ...{
        title: 'fault',
        machine,
        drawing: this.stack,
        bugCheck,
        params,
        process: { ...this.process, exitStatus: exitStatus ?? STATUS_PENDING },
        memory: [...this.memory, ...this.codeBlocks()],
      },
      ...{
        thread: { address: draw.pool() & ~0x3fn, ...this.thread, ...thread },
        processor: draw.below(8),
        upTime: BigInt(draw.between(40, 400_000)) * 10_000_000n,
      },
      ...more,
    });
    const changed = change ? change(made) : made;
    const images = new Map(windowsModules().map((module) => [module.name, module.image]));
    return {
      bytes: this.bytesOf(changed, live ? { kind: 'live' } : { ...this.file, ...file }),
      truth: { ...this.roles(truth.culprits), ...truth },
      atHand: this.atHand,
      images,
      ofWindows: new Set(images.keys()),
    };
  }

  private roles(culprits: readonly string[]): Pick<Truth, 'detector' | 'victim'> {
    const { detector, faulted } = this;
    return { detector, ...(faulted === undefined || culprits.includes(faulted) ? {} : { victim: faulted }) };
  }

  private otherProcesses(): SceneProcess[] {
    return ordinaryProcesses(this.machine).map((one) => (one.object === SYSTEM_PROCESS ? { ...one, threads: [...one.threads, ...this.waiting] } : one));
  }

  private codeBlocks(): MemoryBlock[] {
    return this.codeAt.flatMap((ip) => {
      const module = this.machine.modules.find((each) => ip >= each.base && ip < each.base + BigInt(each.size));
      if (!module) return [];
      const rva = Number(ip - module.base) - 0x60;
      return [{ address: module.base + BigInt(rva), bytes: imageBytes(module.image, rva, 0x100) }];
    });
  }

  /** Mostly small dumps, of both writers; with or without the code that the return addresses point at. */
  private bytesOf(made: Scene, file: FileOptions): Uint8Array {
    const { draw } = this;
    const kind = file.kind ?? (draw.chance(0.12) ? 'bitmap-kernel' : 'triage');
    if (kind !== 'triage') {
      const writes = this.codeBlocks().map((block) => this.withFlips(block));
      return flatten(kernelOf({ ...made, others: this.otherProcesses() }, { kind, writes }).dump);
    }
    const style = draw.pick(['extracted', 'direct'] as const);
    const keepCode = file.keepCode ?? draw.chance(0.4);
    const ofFrames = new Set(made.stack.frames.map((frame) => frame.ip - 0x40n));
    const kept = (block: MemoryBlock): boolean => keepCode || !ofFrames.has(block.address);
    const change = (spec: TriageSpec): TriageSpec => ({ ...spec, ...file.notes, blocks: spec.blocks.filter(kept).map((block) => this.withFlips(block)) });
    return triageOf(made, { style, change }).bytes;
  }
}
