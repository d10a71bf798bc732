/** Opens files one after the other with the same engine as the page and prints what it found. */
import { createHash } from 'node:crypto';
import type { Found } from '../../workers/base/found.ts';
import { found } from '../../workers/base/found.ts';
import { type Problem, reply } from '../../workers/base/problem.ts';
import type { ByteSource } from '../../workers/bytes/source.ts';
import { type Engine, createEngine, notHashed } from '../../workers/api/engine.ts';
import { toFailedResult } from '../../workers/api/result.ts';
import { formatNodes } from '../../workers/commands/spec.ts';
import { splitLines } from '../../workers/commands/run.ts';
import { createDecoder } from '../../workers/code/createdecoder.ts';
import { loadKnowledge } from '../../workers/knowledge/load.ts';
import { decoderModule } from '../../workers/worlds/node/wasm.ts';
import { version } from '../../package.json';
import { type Summarised, casebookLines, casebookText } from './casebook.ts';
import { listFiles } from './files.ts';
import { type Input, failedInput, openInputs } from './inputs.ts';
import { type Options, USAGE, parseArguments } from './options.ts';
import { type CliSymbols, cliSymbols } from './symbols.ts';
import { verdictText } from './text.ts';

const HASH_LIMIT = 64 * 1024 * 1024;
const HASH_STEP = 1024 * 1024;

function sha256Of(source: ByteSource, always: boolean): Found<string> {
  if (source.size > HASH_LIMIT && !always) return notHashed;
  const hash = createHash('sha256');
  for (let at = 0; at < source.size; at += HASH_STEP) hash.update(source.readBlock(at, HASH_STEP));
  return found(hash.digest('hex'));
}

function makeEngine(input: Input, options: Options, symbols: CliSymbols): Engine {
  return createEngine({
    openSource: () => (input.source ? reply(input.source) : { ok: false, problem: input.problem ?? { code: 'READ_DENIED', detail: 'it cannot be read' } }),
    decoder: () => Promise.resolve(createDecoder(decoderModule())),
    knowledge: loadKnowledge,
    symbols: symbols.provider,
    symbolControl: symbols.provider,
    prepare: symbols.prepare,
    breathe: () => Promise.resolve(),
    now: () => performance.now(),
    sha256: (source) => Promise.resolve(sha256Of(source, options.hash)),
    version,
  });
}

/** What a whole run has in common. */
interface Run {
  readonly options: Options;
  readonly symbols: CliSymbols;
  /** What `--casebook` has gathered so far. */
  readonly summarised: Summarised[];
}

/** Prints one dump, or gathers it for the casebook; false where it could not be read. */
async function report(input: Input, { options, symbols, summarised }: Run): Promise<boolean> {
  const started = performance.now();
  const engine = makeEngine(input, options, symbols);
  const opened = await engine.open(new Uint8Array(0), input.name);
  const failed = (problem: Problem): false => {
    if (options.json)
      print(JSON.stringify(toFailedResult(input.name, input.source?.size ?? 0, problem, { version, millis: Math.round(performance.now() - started) })));
    else print(`${input.name}\n  ${problem.code}: ${problem.detail}\n`);
    return false;
  };
  if (!opened.ok) return failed(opened.problem);
  if (options.casebook) {
    const facts = await engine.summarise();
    if (!facts.ok) return failed(facts.problem);
    summarised.push({ name: input.name, facts: facts.value });
  }
  if (options.json) {
    const result = await engine.result();
    if (!result.ok) return failed(result.problem);
    print(JSON.stringify({ ...result.value, file: input.name }));
    return true;
  }
  if (!options.casebook) {
    const verdict = await engine.verdict();
    if (!verdict.ok) return failed(verdict.problem);
    print(verdictText({ ...opened.value, fileName: input.name }, verdict.value));
  } else if (options.commands.length > 0) print(input.name);
  for (const line of options.commands.flatMap(splitLines)) await runLine(engine, line);
  if (!options.casebook) print('');
  return true;
}

function reportTogether({ options, summarised }: Run): void {
  if (options.json) for (const line of casebookLines(summarised, Date.now())) print(line);
  else if (summarised.length > 0) print(casebookText(summarised, Date.now()));
}

async function runLine(engine: Engine, line: string): Promise<void> {
  const answer = await engine.run(line);
  print(`\n> ${line}`);
  print(
    answer.ok
      ? formatNodes(answer.value.nodes)
      : `${answer.problem.code}: ${answer.problem.detail}${answer.problem.hints?.length ? `\n  near: ${answer.problem.hints.join(', ')}` : ''}`,
  );
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** The command line's whole run; answers the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const options = parseArguments(args);
  if (typeof options === 'string') {
    process.stderr.write(`faultline: ${options}\n\n${USAGE}\n`);
    return 2;
  }
  // A reader that has seen enough (head, less) closes the pipe; that is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 2));
  const run: Run = { options, symbols: cliSymbols(options), summarised: [] };
  let allRead = true;
  for (const { path, named, problem } of listFiles(options.files)) {
    for (const input of problem ? [failedInput(path, problem)] : openInputs(path)) {
      // An archive that lies in a folder and holds no dump is nothing to speak of.
      if (!named && input.problem?.code === 'ARCHIVE_NO_DUMP') continue;
      try {
        allRead = (await report(input, run)) && allRead;
      } finally {
        input.close();
      }
    }
  }
  if (options.casebook) reportTogether(run);
  return allRead ? 0 : 1;
}
