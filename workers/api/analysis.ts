/**
 * What the page may ask of the analysis worker: plain cloneable data, typed errors, a version (design §4, §5).
 * Every method answers a Reply; nothing is thrown across the border.
 */
import type { Va } from '../base/address.ts';
import type { MissingReason } from '../base/found.ts';
import type { Reply } from '../base/problem.ts';
import type { Personal } from '../target/personal.ts';
import type { ExceptionInfo, BugCheck, DumpKind, StreamInfo, BlobInfo } from '../target/target.ts';
import type { Trust } from '../unwind/frame.ts';
import type { DumpFacts } from '../verdict/casebook/facts.ts';
import type { CaseRow, CodePage } from '../verdict/explain/page.ts';
import type { PastedKind } from '../verdict/explain/pasted.ts';
import type { Cause, How, Part, Place, Sureness, Weight } from '../verdict/verdict.ts';

/** @public Rises when an answer changes its form. */
export const API_VERSION = 1;

/** A value or the words for its absence; `copy` is the text form of the gap. */
export type Shown<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly missing: MissingReason; readonly words: string };

/** One text in the three vocabularies of the page; the facts are the same. */
export interface Words {
  readonly owner: string;
  readonly helper: string;
  readonly developer: string;
}

export interface FactRow {
  readonly group: string;
  readonly name: string;
  readonly value: Shown<string>;
  readonly command?: string;
}

/** Facts from the header alone, before anything slow starts. */
export interface FirstFacts {
  readonly fileName: string;
  readonly sizeBytes: number;
  readonly kind: DumpKind;
  readonly kindWords: string;
  readonly live: Shown<boolean>;
  readonly writer: Shown<string>;
  readonly arch: string;
  readonly os: Shown<string>;
  readonly crashTimeMs: Shown<number>;
  readonly uptimeSeconds: Shown<number>;
  readonly bugCheck: (BugCheck & { readonly name: string; readonly gist: string }) | null;
  readonly exception: (ExceptionInfo & { readonly name: string; readonly access: string | null; readonly accessAddress: bigint | null }) | null;
  readonly pointerSize: 4 | 8;
  /** What this kind of dump holds: the coverage bar. */
  readonly coverage: readonly {
    readonly part: 'context' | 'stack' | 'modules' | 'kernel-memory' | 'user-memory';
    readonly held: 'full' | 'some' | 'none' | 'unknown';
    readonly words: string;
  }[];
  readonly oddities: readonly string[];
}

export interface EvidenceRow {
  readonly id: string;
  readonly words: Words;
  readonly command: string;
  readonly how: How;
  readonly weighs: Weight;
  /** Words of the program itself stand in it: never part of a share. */
  readonly private?: true;
}

/** A command of the manual playbook; `here` where the console has it. */
export interface LookRow {
  readonly line: string;
  readonly words: Words;
  readonly here: boolean;
}

export interface VerdictView {
  readonly headline: Words;
  readonly explanation: readonly Words[];
  readonly sureness: Sureness;
  readonly cause: Cause;
  readonly place: (Omit<Place, 'offset'> & { readonly offset: bigint }) | null;
  readonly culprit: { readonly module: string | null; readonly part: Part | null } | null;
  readonly detector: string | null;
  readonly victim: string | null;
  readonly evidence: readonly EvidenceRow[];
  readonly against: readonly Words[];
  readonly rivals: readonly { readonly module: string | null; readonly part: Part | null; readonly why: Words }[];
  readonly wouldSettle: readonly Words[];
  /** `guide`: the page's guide that carries the step out. */
  readonly steps: readonly { readonly words: Words; readonly copy: string | null; readonly guide?: string | null }[];
  readonly looks: readonly LookRow[];
  /** Drivers that the evidence gives reason to watch, for the guides. */
  readonly suspects: readonly string[];
  readonly rule: string;
  readonly bucket: string;
  readonly signature: string;
  /** Bug check arguments or exception parameters, each evaluated with this dump's values. */
  readonly parameters: readonly { readonly label: string; readonly value: bigint; readonly meaning: string; readonly command: string }[];
}

export interface FrameRow {
  readonly index: number;
  readonly ip: Va;
  readonly sp: Va;
  readonly trust: Trust;
  readonly module: string | null;
  readonly moduleOffset: bigint | null;
  readonly symbol: Shown<{ readonly name: string; readonly displacement: number }>;
  readonly source: { readonly file: string; readonly line: number } | null;
  readonly boundary: string | null;
  /** A function whose code was put into that of the next row: it shares its frame. */
  readonly inlined: boolean;
}
export interface StackView {
  readonly thread: number | null;
  readonly frames: readonly FrameRow[];
  readonly ended: string;
}

export interface ModuleRow {
  readonly name: string;
  readonly imageName: string;
  readonly path: string;
  readonly base: Va;
  readonly size: number;
  readonly timestamp: Shown<number>;
  /** True where the timestamp reads as a date; reproducible builds put a hash there. */
  readonly timestampIsDate: boolean;
  readonly checksum: Shown<number>;
  readonly version: Shown<string>;
  readonly pdb: Shown<string>;
  readonly owner: string | null;
  /** The file's name stands on a list of vulnerable drivers; the version decides, not the name. */
  readonly listedVulnerable: boolean;
  readonly symbols: string;
}
export interface UnloadedRow {
  readonly name: string;
  readonly start: Va;
  readonly end: Va;
}
export interface ThreadRow {
  readonly index: number;
  readonly id: number;
  readonly name: Shown<string>;
  readonly ip: Shown<Va>;
  readonly sp: Shown<Va>;
  readonly teb: Shown<Va>;
  readonly suspendCount: Shown<number>;
  readonly crashed: boolean;
}

export interface MemoryView {
  readonly at: Va;
  /** One entry a byte; null where it could not be read. */
  readonly bytes: readonly (number | null)[];
  readonly missing: readonly { readonly from: number; readonly to: number; readonly words: string }[];
}

/** Spans and lines as in workers/commands/spec.ts. */
export interface CommandAnswer {
  readonly line: string;
  readonly nodes: readonly import('../commands/spec.ts').OutputNode[];
}
export interface CommandHelp {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly group: string;
  readonly summary: string;
  readonly usage: string;
  /** Why it cannot work on this dump, or null. */
  readonly unmet: string | null;
}

export interface ProgressNote {
  /** What is being done, with its object: "Reading the module list". */
  readonly what: string;
  readonly done: number;
  readonly of: number | null;
}
export type OnProgress = (note: ProgressNote) => void;

/** The record of cli.md, one a dump; validated by docs/result.schema.json. */
export type ResultRecord = Readonly<Record<string, unknown>>;

/** `#/code/7e/c0000005`: the view and what stands behind it. */
export interface CodeAddress {
  readonly view: 'code' | 'status';
  readonly parts: readonly string[];
}
/** A row of the list of all codes. */
export interface CodeRow {
  readonly path: string;
  readonly code: number;
  readonly name: string;
  /** "stop", "report", "stop or report", or the table. */
  readonly kind: string;
  readonly says: string;
  readonly family: string;
}
/** A page about a code, as it is drawn. */
export interface CodeView extends Omit<CodePage, 'arguments' | 'cases' | 'look' | 'steps'> {
  readonly arguments: readonly { readonly index: number; readonly meaning: string; readonly value: string | null; readonly reads: string | null }[];
  readonly cases: readonly (Omit<CaseRow, 'value'> & { readonly value: string })[];
  /** `here`: the console has the command. */
  readonly look: readonly { readonly line: string; readonly shows: string; readonly here: boolean }[];
  readonly steps: readonly { readonly words: Words; readonly copy: string | null; readonly guide: string | null }[];
}
export interface PastedView {
  readonly kind: PastedKind;
  readonly path: string | null;
  readonly page: CodeView | null;
  readonly program: string | null;
  readonly bucket: string | null;
  readonly power: { readonly buttonHeld: boolean; readonly sleeping: boolean } | null;
  /** What the text says beyond its code, in sentences. */
  readonly notes: readonly string[];
  readonly modules: readonly {
    readonly file: string;
    readonly vendor: string | null;
    readonly product: string | null;
    /** Nobody checked this row of the table against a public source. */
    readonly believed: boolean;
    readonly microsoft: boolean;
    readonly update: string | null;
  }[];
}

/** A `File` of the page, which structured cloning carries into the worker; the pure rungs know no DOM. */
export interface DumpFile {
  readonly name: string;
  readonly size: number;
}

export interface AnalysisApi {
  /** Reads the header and what follows it. A second call replaces the first. */
  open(file: DumpFile | Uint8Array, name: string, onProgress?: OnProgress): Promise<Reply<FirstFacts>>;
  verdict(onProgress?: OnProgress): Promise<Reply<VerdictView>>;
  facts(): Promise<Reply<readonly FactRow[]>>;
  /** `thread` is the index in the thread list; null is the crash. */
  stack(thread: number | null, onProgress?: OnProgress): Promise<Reply<StackView>>;
  /** Where the net has a source file, as the module's PDB says (SourceLink, source server); null where it says nothing. Asks nobody. */
  sourceUrl(module: string, file: string): Promise<Reply<string | null>>;
  registers(): Promise<Reply<readonly { readonly name: string; readonly value: bigint }[]>>;
  modules(): Promise<Reply<{ readonly loaded: readonly ModuleRow[]; readonly unloaded: readonly UnloadedRow[] }>>;
  threads(): Promise<Reply<readonly ThreadRow[]>>;
  streams(): Promise<Reply<{ readonly streams: readonly StreamInfo[]; readonly blobs: readonly BlobInfo[] }>>;
  memory(at: Va, length: number): Promise<Reply<MemoryView>>;
  memoryRanges(): Promise<Reply<readonly { readonly start: Va; readonly size: bigint; readonly origin: string }[]>>;
  evaluate(expression: string): Promise<Reply<Va>>;
  run(line: string, onProgress?: OnProgress): Promise<Reply<CommandAnswer>>;
  complete(prefix: string): Promise<Reply<readonly { readonly text: string; readonly summary: string }[]>>;
  commands(): Promise<Reply<readonly CommandHelp[]>>;
  /** The record of cli.md. */
  result(): Promise<Reply<ResultRecord>>;
  /** Texts in the file that name people, computers and places; for this computer's page alone. */
  personal(onProgress?: OnProgress): Promise<Reply<Personal>>;
  /** Without a dump: a page about a code. */
  code(address: CodeAddress): Promise<Reply<CodeView>>;
  /** Without a dump: all codes. */
  codes(): Promise<Reply<readonly CodeRow[]>>;
  /** Without a dump: what a pasted text says. */
  pasted(text: string): Promise<Reply<PastedView>>;
  /** What the casebook keeps of the open dump. */
  summarise(onProgress?: OnProgress): Promise<Reply<DumpFacts>>;
  /** Ends the running job at its next step. */
  cancel(): Promise<void>;
  close(): Promise<void>;
}
