/** A process, drawn from a seed, one of whose threads is about to fail; and the minidump that is written of it. */
import { x64Context } from '../build/context.ts';
import { type MinidumpSpec, type MinidumpThread, buildMinidump } from '../build/minidump.ts';
import { type BuiltPe, imageBytes } from '../build/pe.ts';
import { flatten } from '../build/sparse.ts';
import { type LoadedPe, addressIn } from '../build/stack.ts';
import type { MemoryBlock } from '../build/triage.ts';
import { accessOf } from './code.ts';
import type { Draw } from './draw.ts';
import { isCanonical } from './kernelstage.ts';
import { NoisyStack } from './noise.ts';
import type { AtHand, MadeFault, Truth } from './truth.ts';
import { ownImage, systemImages } from './usercode.ts';

const PROGRAMS = ['examplegame.exe', 'zorpaint.exe', 'dalnotes.exe', 'kepcad.exe', 'vimserver.exe'];
const PLUGINS = ['zorrender.dll', 'kepcodec.dll', 'qualua54.dll'];
const STRANGERS = ['RTSSHooks64.dll', 'kepoverlay64.dll', 'nahimicosd.dll', 'zorhook.dll', 'DiscordHook64.dll'];

/** What the processor or the program raised. */
export interface Raised {
  readonly code: number;
  readonly address: bigint;
  readonly parameters?: readonly bigint[];
  readonly flags?: number;
}

class UserThread {
  readonly stack: NoisyStack;
  private readonly images: ReadonlyMap<string, LoadedPe>;
  private current: { readonly image: LoadedPe; readonly name: string } | undefined;

  constructor(stack: NoisyStack, images: ReadonlyMap<string, LoadedPe>) {
    this.stack = stack;
    this.images = images;
  }

  image(name: string): LoadedPe {
    const found = this.images.get(name);
    if (!found) throw new Error(`no ${name}`);
    return found;
  }

  /** The thread's first frames, down to the program's main or to another function that was its start. */
  start(image: string, first = 'main'): this {
    return this.begin('ntdll.dll', 'RtlUserThreadStart').call('kernel32.dll', 'BaseThreadInitThunk', 'BaseThreadInitThunk').call(image, first, 'main');
  }

  begin(module: string, name: string): this {
    const image = this.image(module);
    this.stack.push(0n).enter(image, name);
    this.current = { image, name };
    return this;
  }

  call(module: string, name: string, via?: string): this {
    const image = this.image(module);
    this.stack.call(image, name, via ?? (this.current?.image.base === image.base ? name : `${module.replace(/\.\w+$/, '')}!${name}`));
    this.current = { image, name };
    return this;
  }
  chain(module: string, ...names: readonly string[]): this {
    for (const name of names) this.call(module, name);
    return this;
  }

  running(): { readonly image: LoadedPe; readonly name: string } {
    if (!this.current) throw new Error('nothing is running');
    return this.current;
  }
  placeOf(mark: string): bigint {
    const { image, name } = this.running();
    return addressIn(image, `${name}:${mark}`);
  }

  /** Reads or writes through `pointer`: registers as they are then, and the access violation. */
  touch(pointer: bigint, write = false): Raised {
    const { image, name } = this.running();
    const { base, displacement } = accessOf(image.pe.spec.name, name);
    this.stack.local(0x28, pointer).set({ [base]: pointer });
    const at = BigInt.asUintN(64, pointer + BigInt(displacement));
    const parameters = isCanonical(at) ? [write ? 1n : 0n, at] : [0n, 0xffff_ffff_ffff_ffffn];
    return { code: 0xc0000005, address: this.placeOf(write ? 'write' : 'read'), parameters };
  }
}

export interface UserOptions {
  /** The stranger's leftovers all over the stack. */
  readonly loud?: boolean;
  /** Name of the library that is not the program's own. */
  readonly stranger?: string;
  /** Further functions of the program, as in usercode.ts. */
  readonly functions?: string;
  /** The reader has the program's own image and names besides. */
  readonly developer?: boolean;
  /** Whether the dump holds the images, and with them what unwinds them; by chance where not told. */
  readonly whole?: boolean;
  /** Of the thread that fails; further threads count on by four. */
  readonly threadId?: number;
  /** The dump is written within the process: its writer's thread stands first, and the failing one waits for it. */
  readonly reporter?: boolean;
}

export class UserStage {
  readonly draw: Draw;
  readonly program: string;
  readonly plugin: string;
  readonly stranger: string;
  readonly memory: MemoryBlock[] = [];
  readonly thread: UserThread;
  atHand: AtHand;
  private readonly options: UserOptions;
  private readonly images = new Map<string, LoadedPe>();
  private readonly others: UserThread[] = [];

  constructor(draw: Draw, options: UserOptions = {}) {
    this.draw = draw;
    this.options = options;
    [this.program, this.plugin, this.stranger] = [draw.pick(PROGRAMS), draw.pick(PLUGINS), options.stranger ?? draw.pick(STRANGERS)];
    this.load(this.program, ownImage(draw, this.program, options.functions), 0x7ff6_0000_0000n + (BigInt(draw.below(0xffff)) << 16n));
    let next = 0x7ff8_0000_0000n + (BigInt(draw.below(0xffff)) << 16n);
    const place = (name: string, pe: BuiltPe): void => {
      this.load(name, pe, next);
      next += BigInt(Math.ceil(pe.sizeOfImage / 0x10000) * 0x10000 + 0x10000 * draw.between(1, 0x80));
    };
    place(this.plugin, ownImage(draw, this.plugin));
    place(this.stranger, ownImage(draw, this.stranger));
    for (const [name, pe] of systemImages()) place(name, pe);
    this.atHand = draw.pick(['nothing', 'images', 'names']);
    this.thread = this.newThread(options.loud ?? false);
  }

  private load(name: string, pe: BuiltPe, base: bigint): void {
    this.images.set(name, { base, pe });
  }

  private newThread(loud: boolean): UserThread {
    const from = loud ? [this.stranger] : this.draw.some([...this.images.keys()], 3);
    const noise = { density: loud ? 0.35 : this.draw.pick([0, 0.05, 0.15]), returns: loud ? 0.5 : 0.2, from: from.map((name) => this.loaded(name)) };
    const high = 0x0000_0090_0000_0000n + BigInt(this.draw.between(1, 0xfff)) * 0x100000n;
    return new UserThread(new NoisyStack(this.draw, noise, { high, room: 0x8000 }), this.images);
  }
  loaded(name: string): LoadedPe {
    const found = this.images.get(name);
    if (!found) throw new Error(`no ${name}`);
    return found;
  }

  another(): UserThread {
    const made = this.newThread(false);
    this.others.push(made);
    return made;
  }

  /** A thread that waits for work, as most do. */
  idle(): this {
    this.another()
      .start(this.program, 'Start')
      .chain(this.program, 'Run', 'Handle', 'Fault')
      .call('KERNELBASE.dll', 'WaitForSingleObjectEx')
      .call('ntdll.dll', 'NtWaitForSingleObject');
    return this;
  }

  private threadRow(thread: UserThread, id: number, ip: bigint): { readonly row: MinidumpThread; readonly context: Uint8Array } {
    const drawn = thread.stack.finish(ip);
    const context = x64Context({ ...thread.stack.context(ip), user: true }, 0x10005f);
    const { address, bytes } = drawn;
    return { row: { id, teb: 0xd5_f000_0000n + BigInt(id) * 0x2000n, stack: { address, bytes }, context }, context };
  }

  /** `raised`: undefined for a dump that somebody took of a process that hangs. */
  write(raised: Raised | undefined, truth: Truth, more: Partial<MinidumpSpec> = {}): MadeFault {
    const { draw } = this;
    const drawnId = draw.between(0x100, 0x900) * 4;
    const id = this.options.threadId ?? drawnId;
    const ip = raised?.address ?? this.thread.placeOf('read');
    const { row, context } = this.threadRow(this.thread, id, ip);
    const rows = this.others.map((one, index) => this.threadRow(one, id + 4 + index * 4, one.placeOf('read')).row);
    const byChance = draw.chance(0.3);
    const whole = this.options.whole ?? byChance;
    const places = whole ? [] : [ip, ...this.others.map((one) => one.placeOf('read'))];
    const spec: MinidumpSpec = {
      ...{
        arch: 'x64',
        time: 1_709_664_131,
        processId: draw.between(0x100, 0x900) * 4,
        build: draw.pick([19045, 22631, 26100]),
        threads: this.options.reporter ? [...rows, this.waitingForReporter(row)] : [row, ...rows],
      },
      ...(raised ? { exception: { threadId: id, ...raised, context } } : {}),
      modules: [...this.images].map(([name, { base, pe }]) => {
        const { timestamp, checksum = 0, pdb } = pe.spec;
        return {
          base,
          size: pe.sizeOfImage,
          name: `${this.folder(name)}\\${name}`,
          timestamp,
          checksum,
          version: [10, 0, 19041, 1] as const,
          ...(pdb ? { pdb } : {}),
        };
      }),
      memory: [...this.memory, ...places.flatMap((at) => this.codeAt(at)), ...(whole ? this.wholeImages() : [])],
      ...more,
    };
    return { bytes: flatten(buildMinidump(spec)), truth, atHand: this.atHand, images: this.imagesAtHand(), ofWindows: new Set(systemImages().keys()) };
  }

  private imagesAtHand(): ReadonlyMap<string, BuiltPe> {
    if (!this.options.developer) return systemImages();
    return new Map([...systemImages(), [this.program, this.loaded(this.program).pe]]);
  }

  /** In the thread list it stands in its wait; the exception keeps the registers of the fault. */
  private waitingForReporter(row: MinidumpThread): MinidumpThread {
    const rip = addressIn(this.loaded('ntdll.dll'), 'NtWaitForSingleObject:read');
    return { ...row, context: x64Context({ rsp: row.stack.address, rip, user: true }, 0x10005f) };
  }

  private folder(name: string): string {
    if (systemImages().has(name)) return String.raw`C:\Windows\System32`;
    if (name === this.stranger) return String.raw`C:\Program Files (x86)\Overlay Example`;
    return String.raw`C:\Program Files\Example`;
  }

  private codeAt(ip: bigint): MemoryBlock[] {
    const image = [...this.images.values()].find(({ base, pe }) => ip >= base && ip < base + BigInt(pe.sizeOfImage));
    if (!image) return [];
    const rva = Number(ip - image.base) - 0x80;
    const held = this.memory.some((block) => block.address <= ip && ip < block.address + BigInt(block.bytes.length));
    return held ? [] : [{ address: image.base + BigInt(rva), bytes: imageBytes(image.pe, rva, 0x100) }];
  }

  private wholeImages(): MemoryBlock[] {
    const own = (block: MemoryBlock): boolean =>
      !this.memory.some((held) => held.address < block.address + BigInt(block.bytes.length) && block.address < held.address + BigInt(held.bytes.length));
    return [...this.images.values()].flatMap(({ base, pe }) => pe.segments.map(({ rva, bytes }) => ({ address: base + BigInt(rva), bytes }))).filter(own);
  }
}
