/** Opens a user minidump (MDMP) as a Target. */
import { va } from '../base/address.ts';
import { missing } from '../base/found.ts';
import type { Job } from '../base/job.ts';
import { type Reply, reply } from '../base/problem.ts';
import { BlockCache } from '../bytes/blockcache.ts';
import type { ByteSource } from '../bytes/source.ts';
import { readMinidump } from '../formats/minidump/file.ts';
import { readFunctionTables } from '../formats/minidump/process.ts';
import { readModules, readUnloadedModules } from '../formats/minidump/modules.ts';
import { readThreads } from '../formats/minidump/threads.ts';
import { SortedModuleList } from '../modules/modulelist.ts';
import type { DynamicTable } from '../unwind/frame.ts';
import { RUNTIME_FUNCTION_SIZE } from '../unwind/x64/unwindinfo.ts';
import type { FirstTarget, Target } from './target.ts';
import { factsOf } from './userfacts.ts';
import { firstTargetOf, readBasics, type UserBasics } from './userfirst.ts';
import { memoryOf } from './usermemory.ts';
import { modulesOf, unloadedOf } from './usermodules.ts';
import { processOf } from './userprocess.ts';
import { streamsOf } from './userstreams.ts';
import { chooseContext, crashContextOf, crashThreadOf, threadsOf } from './userthreads.ts';

function openBasics(source: ByteSource): Reply<UserBasics> {
  const file = readMinidump(source);
  return file.ok ? readBasics(file.value) : file;
}

/** What the header, SystemInfo, MiscInfo and the exception tell, before any list is read. */
export function readFirstUser(source: ByteSource): Reply<FirstTarget> {
  const basics = openBasics(source);
  return basics.ok ? reply(firstTargetOf(basics.value)) : basics;
}

/** A game with a whole runtime of its own has some hundred. */
const MAX_DYNAMIC_TABLES = 16_384;

/** Only those of x64 have entries that are read. */
function dynamicTablesOf({ file, arch }: UserBasics): readonly DynamicTable[] {
  const tables = readFunctionTables(file);
  if (!tables.ok || arch !== 'x64' || tables.value.head.sizeOfFunctionEntry !== RUNTIME_FUNCTION_SIZE) return [];
  return tables.value.ranges
    .slice(0, MAX_DYNAMIC_TABLES)
    .map(({ minimum, maximum, base, functions }) => ({ minimum: va(minimum), maximum: va(maximum), base: va(base), functions }));
}

const step = (what: string, done: number): { progress: string; done: number; of: number } => ({ progress: what, done, of: 5 });

/** The whole dump. Lists that are cut keep what could be read and say so among the oddities. */
export function* openUser(given: ByteSource): Job<Reply<Target>> {
  const source = given instanceof BlockCache ? given : new BlockCache(given);
  const opened = openBasics(source);
  if (!opened.ok) return opened;
  const basics = opened.value;
  yield step('Reading the thread list', 0);
  const rawThreads = readThreads(basics.file);
  const crash = crashContextOf(basics);
  const threads = threadsOf(basics, rawThreads.ok ? rawThreads.value.entries : [], crash);
  const chosen = chooseContext(basics, threads, crash);
  yield step('Reading the memory list', 1);
  const memory = yield* memoryOf(basics, rawThreads.ok ? rawThreads.value.entries : [], source);
  yield step('Reading the module list', 2);
  const rawModules = readModules(basics.file);
  const rawUnloaded = readUnloadedModules(basics.file);
  const modules = modulesOf(rawModules.ok ? rawModules.value.entries : [], basics, memory.space);
  const unloaded = unloadedOf(rawUnloaded.ok ? rawUnloaded.value.entries : [], basics);
  yield step('Reading the other streams', 3);
  const facts = factsOf(basics);
  const streams = streamsOf(basics.file);
  yield step('Reading the process', 4);
  return reply({
    ...firstTargetOf(basics),
    source,
    counters: source.counters,
    context: chosen.context,
    headerContext: missing({ why: 'not-valid', what: 'register set in the header', got: 'a user dump', wanted: 'a kernel dump' }),
    memory: memory.space,
    modules: new SortedModuleList(modules, unloaded),
    threads,
    crashThread: crashThreadOf(basics, threads),
    process: processOf(basics, memory.space, threads),
    processor: missing({ why: 'not-valid', what: 'processor of the crash', got: 'a user dump', wanted: 'a kernel dump' }),
    streams,
    blobs: [],
    facts,
    oddities: [...basics.oddities, ...memory.oddities, ...(chosen.said ? [chosen.said] : [])],
    kernelPointers: {},
    dynamicTables: dynamicTablesOf(basics),
  });
}
