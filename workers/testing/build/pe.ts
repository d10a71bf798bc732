/**
 * PE32+ images for x64: headers, .rdata with debug directory and import table, .pdata with unwind information, exports, code.
 * Layout: learn.microsoft.com/windows/win32/debug/pe-format; CodeView record "RSDS" as in LLVM's docs, PDB info stream.
 */
import { Defect } from '../../base/problem.ts';
import { Assembler } from './assembler.ts';
import { Binary, alignUp, ascii, concat, guidBytes, put } from './binary.ts';
import { type Prologue, unwindInfoBytes, writeEpilogue, writePrologue } from './unwindinfo.ts';

export interface FunctionSpec {
  readonly name: string;
  /** None: a leaf function without .pdata entry. */
  readonly prologue?: Prologue;
  readonly body?: (code: Assembler) => void;
  readonly exported?: boolean;
  /** Bytes of padding (0xcc) before it, above the alignment to 16. */
  readonly gap?: number;
  /** True: no .pdata entry although it has a prologue, as hand-written code sometimes is. */
  readonly unlisted?: boolean;
}

export interface PeSpec {
  readonly name: string;
  readonly imageBase?: bigint;
  readonly timestamp: number;
  readonly checksum?: number;
  readonly pdb?: { readonly file: string; readonly guid: string; readonly age: number };
  readonly functions: readonly FunctionSpec[];
  /** Rounded up to pages; at least what the sections need. */
  readonly sizeOfImage?: number;
  /** RVA of .text: real kernels put their read-only data first. */
  readonly textRva?: number;
  readonly dll?: boolean;
  readonly subsystem?: number;
  /** Where each import leads, for the table as it stands in memory. */
  readonly imports?: Readonly<Record<string, bigint>>;
}

export interface BuiltFunction {
  readonly name: string;
  readonly rva: number;
  readonly size: number;
  readonly prologue: Prologue;
  readonly prologueSize: number;
  readonly leaf: boolean;
  /** Callee → RVA after the call. */
  readonly returns: ReadonlyMap<string, number>;
  /** Mark → RVA. */
  readonly marks: ReadonlyMap<string, number>;
}

export interface BuiltPe {
  readonly spec: PeSpec;
  readonly file: Uint8Array;
  readonly sizeOfImage: number;
  /** The image as the loader lays it out: pages that hold anything. */
  readonly segments: readonly { readonly rva: number; readonly bytes: Uint8Array }[];
  readonly functions: ReadonlyMap<string, BuiltFunction>;
  readonly entryPoint: number;
  readonly pdata: { readonly rva: number; readonly size: number };
}

interface Section {
  readonly name: string;
  readonly rva: number;
  readonly virtualSize: number;
  readonly bytes: Uint8Array;
  readonly characteristics: number;
}

const PAGE = 0x1000;
const FILE_ALIGNMENT = 0x200;
const HEADER_SIZE = 0x400;
const CODE = 0x6800_0020; // code, execute, read, not paged
const DATA = 0x4800_0040; // initialised data, read, not paged
const PAGED = 0x6000_0020;

interface Text {
  readonly code: Uint8Array;
  readonly functions: (BuiltFunction & { readonly unwind?: Uint8Array })[];
  readonly fixups: { readonly at: number; readonly kind: string; readonly target: string }[];
}

/** The ABI keeps rsp on 16 at every call; on entry it is 8 off, unless the processor entered (x64 stack usage, "Stack allocation"). */
function misaligned({ push = [], alloc = 0, machineFrame }: Prologue): boolean {
  if (machineFrame !== undefined) return (push.length * 8 + alloc) % 16 !== 0;
  return (push.length * 8 + alloc) % 16 !== 8;
}

function assemble(spec: PeSpec, textRva: number): Text {
  const out = new Binary();
  const functions: Text['functions'] = [];
  const fixups: Text['fixups'] = [];
  for (const { name, prologue = {}, body, gap = 0, unlisted } of spec.functions) {
    const pad = alignUp(out.size + gap, 16) - out.size;
    out.append(new Uint8Array(pad).fill(0xcc));
    const start = out.size;
    const code = new Assembler();
    const codes = writePrologue(code, prologue);
    const prologueSize = code.size;
    body?.(code);
    if (code.returns.size > 0 && misaligned(prologue)) throw new Defect(`${name} calls with a stack that is not aligned to 16`);
    writeEpilogue(code, prologue);
    out.append(code.bytes());
    for (const fixup of code.fixups) fixups.push({ ...fixup, at: fixup.at + start });
    const leaf = codes.length === 0;
    const toRva = (map: ReadonlyMap<string, number>): Map<string, number> => new Map([...map].map(([key, at]) => [key, textRva + start + at]));
    functions.push({
      ...{ name, rva: textRva + start, size: code.size, prologue, prologueSize, leaf },
      ...{ returns: toRva(code.returns), marks: toRva(code.marks) },
      ...(leaf || unlisted ? {} : { unwind: unwindInfoBytes(codes, prologueSize, prologue) }),
    });
  }
  return { code: out.finish(), functions, fixups };
}

interface ReadOnlyData {
  readonly bytes: Uint8Array;
  readonly debug?: { readonly rva: number; readonly size: number };
  readonly exports?: { readonly rva: number; readonly size: number };
  readonly iat?: { readonly rva: number; readonly size: number };
  readonly importSlots: ReadonlyMap<string, number>;
  /** RUNTIME_FUNCTION rows with the RVA of their UNWIND_INFO. */
  readonly unwindRvas: ReadonlyMap<string, number>;
}

function writeDebug(out: Binary, base: number, spec: PeSpec): ReadOnlyData['debug'] {
  if (!spec.pdb) return undefined;
  const record = concat(ascii('RSDS'), guidBytes(spec.pdb.guid), new Binary().u32(spec.pdb.age).finish(), ascii(`${spec.pdb.file}\0`));
  out.align(16);
  const rva = base + out.size;
  const dataRva = rva + 28;
  // Characteristics, TimeDateStamp, version, type 2 = CODEVIEW, size, RVA, file offset (one section, so offset = RVA - base + headers)
  out
    .u32(0)
    .u32(spec.timestamp)
    .u32(0)
    .u32(2)
    .u32(record.length)
    .u32(dataRva)
    .u32(HEADER_SIZE + dataRva - base);
  out.append(record);
  return { rva, size: 28 };
}

function writeExports(out: Binary, base: number, spec: PeSpec, rvaOf: (name: string) => number): ReadOnlyData['exports'] {
  const names = spec.functions
    .filter((each) => each.exported)
    .map((each) => each.name)
    .sort();
  if (names.length === 0) return undefined;
  out.align(16);
  const rva = base + out.size;
  const addresses = rva + 40;
  const namePointers = addresses + names.length * 4;
  const ordinals = namePointers + names.length * 4;
  const strings = [spec.name, ...names].map((name) => ascii(`${name}\0`));
  let at = ordinals + names.length * 2;
  const stringRvas = strings.map((text) => {
    const here = at;
    at += text.length;
    return here;
  });
  out
    .u32(0)
    .u32(spec.timestamp)
    .u32(0)
    .u32(stringRvas[0] ?? 0)
    .u32(1)
    .u32(names.length)
    .u32(names.length);
  out.u32(addresses).u32(namePointers).u32(ordinals);
  for (const name of names) out.u32(rvaOf(name));
  for (const nameRva of stringRvas.slice(1)) out.u32(nameRva);
  names.forEach((_, index) => out.u16(index));
  for (const text of strings) out.append(text);
  return { rva, size: at - rva };
}

function writeReadOnly(spec: PeSpec, text: Text, base: number): ReadOnlyData {
  const out = new Binary();
  const imports = [...new Set(text.fixups.filter((fixup) => fixup.kind === 'import').map((fixup) => fixup.target))];
  const importSlots = new Map(imports.map((name, index) => [name, base + index * 8]));
  for (const name of imports) out.u64(spec.imports?.[name] ?? 0n);
  const debug = writeDebug(out, base, spec);
  const rvas = new Map(text.functions.map((each) => [each.name, each.rva]));
  const exported = writeExports(out, base, spec, (name) => rvas.get(name) ?? 0);
  const unwindRvas = new Map<string, number>();
  for (const { name, unwind } of text.functions) {
    if (!unwind) continue;
    out.align(4);
    unwindRvas.set(name, base + out.size);
    out.append(unwind);
  }
  return {
    bytes: out.finish(),
    importSlots,
    unwindRvas,
    ...(debug ? { debug } : {}),
    ...(exported ? { exports: exported } : {}),
    ...(imports.length > 0 ? { iat: { rva: base, size: imports.length * 8 } } : {}),
  };
}

function applyFixups(text: Text, textRva: number, importSlots: ReadonlyMap<string, number>): void {
  const rvas = new Map(text.functions.map((each) => [each.name, each.rva]));
  for (const { at, kind, target } of text.fixups) {
    const to = kind === 'import' ? importSlots.get(target) : rvas.get(target);
    if (to === undefined) throw new Defect(`no such ${kind} target: ${target}`);
    put(text.code, at, 4, to - (textRva + at + 4));
  }
}

function writeHeaders(spec: PeSpec, sections: readonly Section[], directories: readonly (readonly [number, number])[], entryPoint: number): Uint8Array {
  const sizeOfImage = Math.max(...sections.map((each) => each.rva + alignUp(each.virtualSize, PAGE)));
  const sizeOf = (wanted: number): number => sections.filter((each) => each.characteristics & wanted).reduce((sum, each) => sum + each.bytes.length, 0);
  const out = new Binary();
  // IMAGE_DOS_HEADER: e_magic, e_lfanew at 0x3c
  out.append(ascii('MZ')).upTo(0x3c).u32(0x80).upTo(0x80);
  // IMAGE_FILE_HEADER: executable, large address aware (and DLL)
  out
    .append(ascii('PE\0\0'))
    .u16(0x8664)
    .u16(sections.length)
    .u32(spec.timestamp)
    .u32(0)
    .u32(0)
    .u16(0xf0)
    .u16(spec.dll ? 0x2022 : 0x22);
  // IMAGE_OPTIONAL_HEADER64
  out
    .u16(0x20b)
    .u8(14)
    .u8(20)
    .u32(sizeOf(0x20))
    .u32(sizeOf(0x40))
    .u32(0)
    .u32(entryPoint)
    .u32(sections.find((each) => each.name === '.text')?.rva ?? 0);
  out
    .u64(spec.imageBase ?? 0x1_4000_0000n)
    .u32(PAGE)
    .u32(FILE_ALIGNMENT)
    .u16(10)
    .u16(0)
    .u16(10)
    .u16(0)
    .u16(10)
    .u16(0)
    .u32(0);
  out
    .u32(sizeOfImage)
    .u32(HEADER_SIZE)
    .u32(spec.checksum ?? 0)
    .u16(spec.subsystem ?? 1)
    .u16(0x4160);
  out.u64(0x40000).u64(0x1000).u64(0x100000).u64(0x1000).u32(0).u32(16);
  for (const [rva, size] of directories) out.u32(rva).u32(size);
  let fileOffset = HEADER_SIZE;
  for (const { name, rva, virtualSize, bytes, characteristics } of sections) {
    const raw = alignUp(bytes.length, FILE_ALIGNMENT);
    const nameBytes = new Uint8Array(8);
    nameBytes.set(ascii(name).subarray(0, 8));
    out
      .append(nameBytes)
      .u32(virtualSize)
      .u32(rva)
      .u32(raw)
      .u32(raw > 0 ? fileOffset : 0)
      .u32(0)
      .u32(0)
      .u16(0)
      .u16(0)
      .u32(characteristics);
    fileOffset += raw;
  }
  return out.upTo(HEADER_SIZE).finish();
}

/** .rdata, .pdata, room, .text, room up to SizeOfImage. */
function placeSections(spec: PeSpec, textRva: number, text: Text, data: ReadOnlyData): Section[] {
  const pdata = new Binary();
  for (const { name, rva, size } of text.functions) {
    const unwindRva = data.unwindRvas.get(name);
    if (unwindRva !== undefined)
      pdata
        .u32(rva)
        .u32(rva + size)
        .u32(unwindRva);
  }
  const sections: Section[] = [{ name: '.rdata', rva: PAGE, virtualSize: data.bytes.length, bytes: data.bytes, characteristics: DATA }];
  const pdataRva = PAGE + alignUp(data.bytes.length, PAGE);
  sections.push({ name: '.pdata', rva: pdataRva, virtualSize: pdata.size, bytes: pdata.finish(), characteristics: DATA });
  const afterPdata = pdataRva + Math.max(PAGE, alignUp(pdata.size, PAGE));
  if (afterPdata > textRva) throw new Defect(`${spec.name}: .text at 0x${textRva.toString(16)} overlaps .pdata`);
  if (afterPdata < textRva)
    sections.push({ name: '.idata', rva: afterPdata, virtualSize: textRva - afterPdata, bytes: new Uint8Array(), characteristics: DATA });
  sections.push({ name: '.text', rva: textRva, virtualSize: text.code.length, bytes: text.code, characteristics: CODE });
  const afterText = textRva + alignUp(text.code.length, PAGE);
  const wanted = alignUp(spec.sizeOfImage ?? 0, PAGE);
  if (wanted > afterText) sections.push({ name: 'PAGE', rva: afterText, virtualSize: wanted - afterText, bytes: new Uint8Array(), characteristics: PAGED });
  return sections;
}

export function buildPe(spec: PeSpec): BuiltPe {
  const textRva = spec.textRva ?? 0x4000;
  const text = assemble(spec, textRva);
  const data = writeReadOnly(spec, text, PAGE);
  applyFixups(text, textRva, data.importSlots);
  const sections = placeSections(spec, textRva, text, data);
  const pdata = { rva: sections[1]?.rva ?? 0, size: sections[1]?.bytes.length ?? 0 };
  const functions = new Map(text.functions.map((each) => [each.name, each as BuiltFunction]));
  const entryPoint = (functions.get('DriverEntry') ?? functions.get('GsDriverEntry') ?? text.functions[0])?.rva ?? 0;
  const directories: [number, number][] = Array.from({ length: 16 }, () => [0, 0]);
  const place = (index: number, directory: { rva: number; size: number } | undefined): void => {
    if (directory) directories[index] = [directory.rva, directory.size];
  };
  place(0, data.exports);
  place(3, pdata);
  place(6, data.debug);
  place(12, data.iat);
  const headers = writeHeaders(spec, sections, directories, entryPoint);
  const file = concat(headers, ...sections.map((each) => concat(each.bytes, new Uint8Array(alignUp(each.bytes.length, FILE_ALIGNMENT) - each.bytes.length))));
  const sizeOfImage = Math.max(...sections.map((each) => each.rva + alignUp(each.virtualSize, PAGE)));
  const segments = [{ rva: 0, bytes: headers }, ...sections.filter((each) => each.bytes.length > 0).map(({ rva, bytes }) => ({ rva, bytes }))];
  return { spec, file, sizeOfImage, segments, functions, entryPoint, pdata };
}

/** RVA of `function`, or of a place marked in it ("Function:mark"), or after its first call ("Function>callee"). */
export function rvaIn(pe: BuiltPe, place: string): number {
  const [, name = '', kind, rest = ''] = /^([^:>]+)(?:([:>])(.+))?$/.exec(place) ?? [];
  const found = pe.functions.get(name);
  const rva = kind === ':' ? found?.marks.get(rest) : kind === '>' ? found?.returns.get(rest) : found?.rva;
  if (rva === undefined) throw new Defect(`${pe.spec.name} has no ${place}`);
  return rva;
}

/** Bytes of the image at an RVA; zeros where it holds none. */
export function imageBytes(pe: BuiltPe, rva: number, length: number): Uint8Array {
  const out = new Uint8Array(length);
  for (const segment of pe.segments) {
    const from = Math.max(rva, segment.rva);
    const to = Math.min(rva + length, segment.rva + segment.bytes.length);
    if (from < to) out.set(segment.bytes.subarray(from - segment.rva, to - segment.rva), from - rva);
  }
  return out;
}
