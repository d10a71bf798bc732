/** From one x86 frame to its caller by what the PDB says of the function: FRAMEDATA programs, else FPO_DATA. */
import { type Va, va, vaAdd } from '../../base/address.ts';
import { mapFound } from '../../base/found.ts';
import type { FpoData, FrameData } from '../../formats/pdb/framedata.ts';
import type { Registers, Trust } from '../frame.ts';
import { checkCall } from '../scan.ts';
import { isReturnAddress, type RawFrame, type Walker } from '../walker.ts';
import { runProgram } from './program.ts';

const WORD = 4;
export const narrow = (word: bigint): Va => va(BigInt.asUintN(32, word));

/** A caller as the PDB has it, before it is checked. */
export interface LaidOutCaller {
  readonly registers: Registers;
  readonly trust: Trust;
  /** Bytes of arguments that the called function was given on the stack. */
  readonly argumentBytes: number;
}

/** Words above the place that the sizes name, in which the return address is looked for: pushed arguments lie between. */
const SEARCH_WORDS = 40;
const SAVED = ['ebx', 'esi', 'edi'] as const;

export function callerByPdb(walker: Walker, frame: RawFrame): LaidOutCaller | undefined {
  const back = isReturnAddress(frame) ? 1 : 0;
  const laid = walker.pdbFrames.at(vaAdd(frame.ip, -back));
  if (!laid.ok || !laid.value) return undefined;
  const { layout, offset } = laid.value;
  const entered = back === 0 && offset <= layout.prologBytes ? atEntry(walker, frame, offset) : undefined;
  const caller = entered ?? ('program' in layout ? byProgram(walker, frame, layout) : byFpo(walker, frame, layout));
  return caller && { ...caller, argumentBytes: layout.paramBytes };
}

type Caller = Omit<LaidOutCaller, 'argumentBytes'>;

/** mov edi,edi: two bytes for hot patches. */
const HOT_PATCH = [0x8b, 0xff];
const PUSH_EBP = 0x55;

/** How many words the function has pushed whose code has run: by nothing, or by `push ebp`; undefined where it did more. */
function pushedBy(run: Uint8Array): 0 | 1 | undefined {
  const rest = HOT_PATCH.every((byte, index) => run[index] === byte) ? run.subarray(2) : run;
  if (rest.length === 0) return 0;
  return rest.length === 1 && rest[0] === PUSH_EBP ? 1 : undefined;
}

/** At the function's first instructions, which no program describes: the return address lies on top, or above the saved EBP. */
function atEntry(walker: Walker, frame: RawFrame, offset: number): Caller | undefined {
  const here = walker.code.at(frame.ip);
  const run = here && offset > 0 ? here.image.code(here.place.rva - offset, offset) : new Uint8Array(0);
  const pushed = run.length === offset ? pushedBy(run) : undefined;
  if (pushed === undefined) return undefined;
  const at = vaAdd(frame.sp, pushed * WORD);
  const ip = walker.read(at);
  const saved = walker.read(frame.sp);
  if (!ip.ok || !saved.ok) return undefined;
  const ebp = pushed === 1 ? { ebp: narrow(saved.value) } : {};
  return { registers: { ...frame.registers, ...ebp, eip: narrow(ip.value), esp: vaAdd(at, WORD) }, trust: 'unwind-info' };
}

interface ReturnSlot {
  readonly at: Va;
  readonly trust: Trust;
}

/** Where the return address lies: at `from`, or the nearest word above it that is one. */
function findReturnSlot(walker: Walker, from: Va): ReturnSlot {
  for (let word = 0; word < SEARCH_WORDS; word++) {
    const at = vaAdd(from, word * WORD);
    const target = walker.read(at);
    if (!target.ok) break;
    const check = walker.inModule(narrow(target.value)) ? checkCall(walker, narrow(target.value)) : 'no-call';
    if (check !== 'no-call') return { at, trust: word === 0 ? 'unwind-info' : check === 'call' ? 'scan-call-checked' : 'scan' };
  }
  return { at: from, trust: 'unwind-info' };
}

function searchFrom(walker: Walker, frame: RawFrame, layout: FrameData | FpoData): ReturnSlot {
  return findReturnSlot(walker, narrow(frame.sp + BigInt((frame.argumentBytes ?? 0) + layout.localBytes + layout.savedRegisterBytes)));
}

function byProgram(walker: Walker, frame: RawFrame, layout: FrameData): Caller | undefined {
  if (!layout.program.ok) return undefined;
  const text = layout.program.value;
  const slot = text.includes('.raSearch') ? searchFrom(walker, frame, layout) : undefined;
  const registers = { ...frame.registers, eip: frame.ip, esp: frame.sp };
  const sizes = {
    '.cbParams': BigInt(layout.paramBytes),
    '.cbLocals': BigInt(layout.localBytes),
    '.cbSavedRegs': BigInt(layout.savedRegisterBytes),
    ...(slot ? { '.raSearch': slot.at, '.raSearchStart': slot.at } : {}),
  };
  const read = (at: Va): ReturnType<Walker['read']> => mapFound(walker.read(at), narrow);
  const run = runProgram(text, { registers, sizes, read });
  if (!run.ok) return undefined;
  const { eip, esp } = run.value;
  if (eip === undefined || esp === undefined) return undefined;
  return { registers: { ...kept(frame, layout, run.value), eip, esp }, trust: slot?.trust ?? 'unwind-info' };
}

/** The registers that callees keep: as the program found them; as they were where it saved none that it does not tell of. */
function kept(frame: RawFrame, layout: FrameData, assigned: Registers): Registers {
  const told = SAVED.filter((name) => assigned[name] !== undefined);
  const silent = layout.savedRegisterBytes > told.length * WORD;
  const source = silent ? assigned : { ...frame.registers, ...assigned };
  const ebp = assigned['ebp'] ?? frame.registers['ebp'];
  return Object.fromEntries([
    ...SAVED.flatMap((name) => (source[name] === undefined ? [] : [[name, source[name]] as const])),
    ...(ebp === undefined ? [] : [['ebp', ebp] as const]),
  ]);
}

/** Without a frame pointer: the return address lies above locals and saved registers, whose order is not told. */
function byFpo(walker: Walker, frame: RawFrame, layout: FpoData): Caller | undefined {
  if (layout.kind !== 'fpo') return undefined;
  const slot = searchFrom(walker, frame, layout);
  const eip = walker.read(slot.at);
  if (!eip.ok) return undefined;
  const ebp = layout.usesEbp ? undefined : frame.registers['ebp'];
  const same =
    layout.savedRegisterBytes === 0 ? Object.fromEntries(Object.entries(frame.registers).filter(([name]) => (SAVED as readonly string[]).includes(name))) : {};
  return { registers: { ...same, ...(ebp === undefined ? {} : { ebp }), eip: narrow(eip.value), esp: vaAdd(slot.at, WORD) }, trust: slot.trust };
}
