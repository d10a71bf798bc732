/** The facts of an opened and judged dump, for the casebook. */
import { va } from '../../base/address.ts';
import { legible } from '../../base/check.ts';
import { found, type Found, missing, notValid, thenFound } from '../../base/found.ts';
import { hex } from '../../base/hex.ts';
import { describeMissing } from '../../base/missingwords.ts';
import { baseBugCheck } from '../../knowledge/bugchecks.ts';
import type { Knowledge } from '../../knowledge/knowledge.ts';
import type { Module } from '../../modules/module.ts';
import type { Session, Target } from '../../target/target.ts';
import { readErrorRecord } from '../cper.ts';
import { cpuMaker } from '../cpumaker.ts';
import { makerOf } from '../driveradvice.ts';
import { exceptionName } from '../signals.ts';
import type { Verdict } from '../verdict.ts';
import { say } from '../words.ts';
import { type DumpFacts, type Kept, type KeptDriver, type KeptVerdict, LAST_MS, MAX_DRIVERS, MAX_NAME, MAX_SENTENCE } from './facts.ts';

/** Names come out of the file: cut, and without marks that disguise what is read. */
const plainName = (value: string): string => legible(value, MAX_NAME);
const sentence = (value: string): string => legible(value, MAX_SENTENCE);

function kept<T extends string | number | boolean>(value: Found<T>): Kept<T> {
  if (!value.ok) return { missing: value.missing.why, detail: sentence(describeMissing(value.missing)) };
  return typeof value.value === 'string' ? (plainName(value.value) as T) : value.value;
}

const MAX_EVIDENCE = 4;

export function collectFacts(session: Session, verdict: Verdict, id: string): DumpFacts {
  const { target, knowledge } = session;
  return {
    id,
    file: plainName(target.source.name),
    sizeBytes: target.source.size,
    kind: target.kind,
    live: kept(target.live),
    arch: target.arch,
    system: kept(target.os.name),
    build: kept(target.os.build),
    processors: kept(target.os.processors),
    cpuMaker: kept(target.kind === 'user' ? factOf(target, 'CPU vendor') : cpuMaker(target)),
    memory: kept(factOf(target, 'PhysicalMemory')),
    crashTimeMs: kept(thenFound(target.crashTime, datable)),
    uptimeSeconds: kept(target.uptimeSeconds),
    ...codeOf(target, knowledge),
    process: kept(target.process.name),
    cpu: kept(target.processor),
    ...nameNumbers(session),
    nonPagedPool: kept(pagesOf(target, 'MmAllocatedNonPagedPool')),
    pagedPool: kept(pagesOf(target, 'PagedPoolAllocated')),
    committed: kept(pagesOf(target, 'CommittedPages')),
    verdict: keptVerdict(verdict, knowledge),
    drivers: target.modules.modules.slice(0, MAX_DRIVERS).map((module) => keptDriver(module, target, knowledge)),
  };
}

function codeOf(target: Target, knowledge: Knowledge): Pick<DumpFacts, 'code' | 'codeName'> {
  // A picture of a running system holds the code 0.
  if (target.bugCheck && target.bugCheck.code !== 0)
    return { code: hex(target.bugCheck.code), codeName: knowledge.bugCheck(target.bugCheck.code)?.name ?? hex(target.bugCheck.code) };
  if (!target.exception) return { codeName: 'no stop code' };
  return { code: hex(target.exception.code), codeName: exceptionName(target, knowledge) ?? hex(target.exception.code) };
}

function keptDriver(module: Module, target: Target, knowledge: Knowledge): KeptDriver {
  const driver = knowledge.driver(module.imageName);
  const maker = driver?.vendor ?? (target.kind === 'user' ? knowledge.userModule(module.imageName)?.vendor : undefined);
  return {
    name: plainName(module.imageName),
    ...(module.identity.pe.ok ? { timestamp: module.identity.pe.value.timestamp } : {}),
    ...(module.version.ok ? { version: plainName(module.version.value) } : {}),
    ...(maker === undefined || maker === '' ? {} : { maker }),
  };
}

function keptVerdict(verdict: Verdict, knowledge: Knowledge): KeptVerdict {
  const { headline, culprit, place } = verdict;
  const said = say(headline);
  // Words that the program itself wrote stay in the dump: what is kept here can be exported.
  const weighty = verdict.evidence.filter((one) => (one.weighs === 'decides' || one.weighs === 'for') && one.says.id !== 'e-code' && !one.private);
  return {
    headline: sentence(said.owner),
    helper: sentence(said.helper),
    sureness: verdict.sureness,
    cause: verdict.cause,
    rule: verdict.rule,
    ...(culprit?.module === undefined ? {} : { module: plainName(culprit.module) }),
    ...(culprit?.part === undefined ? {} : { part: culprit.part }),
    ...(place ? { place: { module: plainName(place.module), offset: hex(place.offset) } } : {}),
    ...adviceOf(verdict, knowledge),
    signature: sentence(verdict.signature),
    bucket: sentence(verdict.bucket),
    evidence: weighty.slice(0, MAX_EVIDENCE).map(({ id, says, command, weighs }) => ({
      id,
      says: sentence(say(says).helper),
      command: plainName(command),
      weighs,
    })),
  };
}

/** What the steps for several dumps need of the tables, which stay with the dump. */
function adviceOf({ culprit, headline }: Verdict, knowledge: Knowledge): Pick<KeptVerdict, 'from' | 'feature'> {
  const { feature } = headline.args;
  return {
    ...(culprit?.module === undefined ? {} : { from: plainName(makerOf({ knowledge }, culprit.module)) }),
    ...(headline.id === 'h-feature' && feature !== undefined ? { feature: plainName(feature) } : {}),
  };
}

/** A damaged header can hold any time. */
const datable = (ms: number): Found<number> =>
  ms >= 0 && ms <= LAST_MS ? found(ms) : notValid('the time of the crash', `${String(ms)} ms`, 'a time between the years 1970 and 9999');

function factOf(target: Target, name: string): Found<string> {
  return target.facts.find((fact) => fact.name === name)?.value ?? missing({ why: 'stream-absent', stream: name });
}

/** "69630 pages (271 MiB)" as kernelfacts writes it. */
function pagesOf(target: Target, name: string): Found<number> {
  return thenFound(factOf(target, name), (words) => {
    const pages = Number.parseInt(words, 10);
    return Number.isSafeInteger(pages) ? found(pages) : notValid(name, words, 'a number of pages');
  });
}

/**
 * Stops whose second argument is a page frame number, with the sub-codes for which that holds (windows-driver-docs,
 * bug-check-0x127, -0x4e, -0x1a; 0x12B as WinDbg prints it: "physical page number").
 */
const PAGE_STOPS: Readonly<Record<number, readonly bigint[] | 'all'>> = {
  0x127: 'all',
  0x12b: 'all',
  0x4e: [2n, 6n, 7n, 0x8dn, 0x99n, 0x9an],
  0x1a: [0x1233n],
};
/** Page frame numbers of 52-bit physical addresses have 40 bits; zero is no page that is handed out. */
const MAX_PAGE = 1n << 40n;
const MAX_CPU = 2048n;

type NamedNumbers = Pick<DumpFacts, 'silentCpu' | 'failingApic' | 'page'>;
/** Processor and page that the stop itself names. */
function nameNumbers({ target, memory, knowledge }: Session): NamedNumbers {
  if (!target.bugCheck) return {};
  const code = baseBugCheck(target.bugCheck.code);
  const [sub, second, , fourth] = target.bugCheck.params;
  if (code === 0x101 && fourth < MAX_CPU) return { silentCpu: Number(fourth) };
  if (code === 0x124) return fromErrorRecord(readErrorRecord(memory, va(second), knowledge));
  const subs = PAGE_STOPS[code];
  const held = subs === 'all' || subs?.includes(sub) === true;
  return held && second > 0n && second < MAX_PAGE ? { page: Number(second) } : {};
}

/** Errors inside a core name that core; of the others the APIC id is only who told of it. */
const IN_A_CORE: ReadonlySet<string> = new Set(['cache', 'tlb', 'internal']);

function fromErrorRecord(record: ReturnType<typeof readErrorRecord>): NamedNumbers {
  if (!record.ok) return {};
  const { mca, memory } = record.value;
  const page = memory ? memory.physicalAddress >> 12n : 0n;
  return {
    ...(mca && IN_A_CORE.has(mca.check.kind) ? { failingApic: mca.apicId } : {}),
    ...(page > 0n && page < MAX_PAGE ? { page: Number(page) } : {}),
  };
}
