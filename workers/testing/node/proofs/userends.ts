/** Applications that end themselves: fail fast, panics, aborts, thrown errors, assertions. */
import { ascii } from '../../build/binary.ts';
import type { Draw } from '../../faults/draw.ts';
import { x86Fault } from '../../faults/frames.ts';
import { byProgram, inProgram } from '../../faults/kinds/user.ts';
import type { MadeFault } from '../../faults/truth.ts';
import { type KeptError, keptError, thrownObject } from '../../faults/userdata.ts';
import { type UserOptions, UserStage } from '../../faults/userstage.ts';
import { type Expected, type Proof, type Proved, ofKind, staged } from './proof.ts';

const OWN: Expected = { cause: 'application-bug', sureness: 'likely', culprit: 'true' };
/** Raised by the program, with no frame of it proved. */
const UNSEEN: Expected = { cause: 'application-bug', sureness: 'possible', culprit: 'true', doubts: ['a-not-seen'] };
/** Damage that Windows' own code found. */
const FOUND: Expected = { cause: 'memory-corruption', sureness: 'possible', culprit: 'nobody', doubts: ['a-reported-by'] };

interface Ending extends UserOptions {
  /** Functions from the program's `Fault` on, each "module!name", "app" for the program itself; the last one raises. */
  readonly calls?: readonly string[];
  readonly code: number;
  readonly parameters?: (stage: UserStage) => readonly bigint[];
}

/** With `whole` images every frame is proved, without them none but the innermost. */
function ends(draw: Draw, { calls = [], code, parameters, whole = true, ...options }: Ending): MadeFault {
  const stage = inProgram(draw, { whole, ...options });
  stage.atHand = options.developer ? 'names' : whole ? 'names' : 'nothing';
  for (const call of calls) {
    const [module = '', name = ''] = call.split('!');
    if (module === 'app') stage.thread.call(stage.program, name, stage.thread.running().name === 'Fault' ? 'Callback' : undefined);
    else stage.thread.call(module, name);
  }
  const address = stage.thread.placeOf(code === 0xc0000409 ? 'failfast' : 'break');
  return stage.write({ code, address, parameters: parameters?.(stage) ?? [], flags: 1 }, byProgram(stage));
}
const ending = (says: string, how: Ending, expected: Expected): Proved => staged(says, (draw) => ends(draw, how), expected);

const FAST_FAIL = 0xc0000409;
const failsFast = (says: string, code: bigint, expected: Expected, how: Partial<Ending> = {}): Proved =>
  ending(says, { code: FAST_FAIL, parameters: () => [code], ...how }, expected);
const HEAP_OF_NTDLL: Partial<Ending> = { calls: ['ntdll.dll!RtlFreeHeap', 'ntdll.dll!RtlpFreeHeapInternal'] };

/** Classes of __fastfail (winnt.h), each in the program's own code. */
const FAIL_FAST: Proof = {
  rule: 'user-mode',
  fires: [
    failsFast('the program calls an error fatal', 7n, { ...OWN, shows: ['h-app-failfast'], words: [/FATAL_APP_EXIT/] }),
    failsFast('a cookie on its stack is not what it was', 2n, { ...OWN, words: [/STACK_COOKIE_CHECK_FAILURE/] }),
    failsFast('a list of its own has a wrong link', 3n, { ...OWN, words: [/CORRUPT_LIST_ENTRY/] }),
    failsFast('an argument is refused', 5n, { ...OWN, words: [/INVALID_ARG/] }),
    failsFast('an index is out of range', 8n, { ...OWN, words: [/RANGE_CHECK_FAILURE/] }),
    failsFast('a call leads to no function (Control Flow Guard)', 0xan, { ...OWN, words: [/GUARD_ICALL_CHECK_FAILURE/] }),
    failsFast('a reference count wraps', 0xen, { ...OWN, words: [/INVALID_REFERENCE_COUNT/] }),
    failsFast('a buffer is used past its end', 0x1cn, { ...OWN, words: [/INVALID_BUFFER_ACCESS/] }),
    failsFast('its return addresses differ from the shadow stack', 0x2fn, { ...OWN, words: [/SHADOW|CONTROL_STACK|GUARD_SS|SET_CONTEXT/] }),
    ending('a cookie check of the old kind, which names no class', { code: FAST_FAIL }, { ...OWN, words: [/stack check/] }),
    ending('RaiseFailFastException', { code: 0xc0000602, calls: ['KERNELBASE.dll!RaiseException'] }, { ...OWN, shows: ['h-app-failfast'] }),
  ],
  nearly: [failsFast('ntdll finds a link of the heap’s list broken', 3n, FOUND, HEAP_OF_NTDLL)],
  against: [failsFast('ntdll finds the heap’s own data damaged', 0x32n, { ...FOUND, words: [/HEAP_METADATA_CORRUPTION/] }, HEAP_OF_NTDLL)],
};

const RUST = `
load_map > rust_begin_unwind
rust_begin_unwind > rust_panic
rust_panic >
panicking_animals >`;
const GO = `
main.main > runtime.gopanic
runtime.gopanic > runtime.fatalpanic
runtime.fatalpanic > runtime.dieFromException
runtime.dieFromException > KERNELBASE!RaiseException`;

const CPP = {
  code: 0xe06d7363,
  calls: ['app!Throw2', 'VCRUNTIME140.dll!_CxxThrowException', 'KERNELBASE.dll!RaiseException'],
  functions: 'Throw2 > VCRUNTIME140!_CxxThrowException',
};
const throws = (types: readonly string[], message?: Uint8Array): Ending => ({ ...CPP, parameters: (stage) => thrownObject(stage, types, message) });
const STANDARD = ['.?AVruntime_error@std@@', '.?AVexception@std@@'];
const TEXT = ascii('cannot open the map\0');
const NO_TEXT = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 0);

const PANIC: Proof = {
  rule: 'e-panic',
  fires: [
    failsFast(
      'a Rust program panics, and was built to abort',
      7n,
      { ...OWN, shows: ['h-app-panic'], words: [/Rust panic/] },
      {
        ...{ developer: true, functions: RUST },
        calls: ['app!load_map', 'app!rust_begin_unwind', 'app!rust_panic'],
      },
    ),
    ending('a Rust program panics, and unwinds to nobody', throws(['rust_panic']), { ...OWN, shows: ['h-app-panic'], words: [/Rust panic/] }),
    ending(
      'a Go program panics',
      {
        ...{ code: 0xc0000602, developer: true, functions: GO },
        calls: ['app!main.main', 'app!runtime.gopanic', 'app!runtime.fatalpanic', 'app!runtime.dieFromException', 'KERNELBASE.dll!RaiseException'],
      },
      { ...OWN, shows: ['h-app-panic'], words: [/Go panic/] },
    ),
  ],
  nearly: [
    failsFast(
      'a function has the word in its name',
      7n,
      { ...OWN, shows: ['h-app-failfast'] },
      {
        ...{ developer: true, functions: RUST, calls: ['app!panicking_animals'] },
      },
    ),
    ending('a C++ program throws', throws(STANDARD), { ...OWN, shows: ['h-app-throw-cpp'] }),
  ],
  against: [ending('a Rust program panics; no frame is proved', { ...throws(['rust_panic']), whole: false }, { ...UNSEEN, shows: ['e-panic'] })],
};

const THROW_TYPE: Proof = {
  rule: 'e-throw-type',
  fires: [
    ending('a std::runtime_error with a text', throws(STANDARD, TEXT), { ...OWN, shows: ['h-app-throw-cpp', 'e-throw-magic'], words: [/std::runtime_error/] }),
  ],
  nearly: [
    ofKind('u-cpp-throw', 0, { ...OWN, sureness: ['likely', 'possible'], shows: ['h-app-throw-cpp'] }),
    ending('a Rust panic travels as a C++ error', throws(['rust_panic']), OWN),
  ],
  against: [ending('the type is there, but no frame of the program', { ...throws(STANDARD), whole: false }, { ...UNSEEN, shows: ['e-throw-type'] })],
};
const THROW_TEXT: Proof = {
  rule: 'e-throw-message',
  fires: [ending('a std::exception carries a text', throws(STANDARD, TEXT), { ...OWN, words: [/“cannot open the map”/] })],
  nearly: [
    ending('what the object points at is no text', throws(STANDARD, NO_TEXT), { ...OWN, shows: ['e-throw-type'] }),
    ending('an object that is no std::exception', throws(['.?AUFailure@app@@'], TEXT), { ...OWN, words: [/app::Failure/] }),
  ],
  against: [ending('a text, but no frame of the program', { ...throws(STANDARD, TEXT), whole: false }, { ...UNSEEN, shows: ['e-throw-message'] })],
};
const MAGIC: Proof = {
  rule: 'e-throw-magic',
  fires: [
    ofKind('u-cpp-throw', 1, { ...OWN, sureness: ['likely', 'possible'] }),
    staged(
      'a 32-bit program throws',
      (draw) =>
        x86Fault(draw, {
          modules: ['ntdll.dll', 'zorpaint.exe', 'KERNELBASE.dll'],
          pointer: 0n,
          truth: { causes: ['application'], culprits: ['zorpaint.exe'] },
          raised: { code: 0xe06d7363, parameters: [0x1993_0520n, 0x19_f000n, 0x40_2000n] },
        }),
      { ...OWN, shows: ['h-app-throw-cpp'] },
    ),
  ],
  nearly: [
    ending('the code of a C++ error with parameters of nobody', { ...CPP, parameters: () => [0x1111n, 0n, 0n, 0n] }, { ...OWN, lacks: ['e-throw-type'] }),
  ],
  against: [ending('no frame is proved', { ...throws(STANDARD), whole: false }, UNSEEN)],
};

const OTHER_LANGUAGES: Proof = {
  rule: 'h-app-throw',
  fires: [
    ending(
      'a Delphi program raises an exception',
      {
        code: 0x0eedfade,
        calls: ['KERNELBASE.dll!RaiseException'],
        parameters: (stage) => [stage.loaded(stage.program).base + 0x1000n, stage.draw.heap(), 0n, 0n, 0n, 0n, 0n],
      },
      OWN,
    ),
    ending('a program of GCC throws', { code: 0x20474343, calls: ['KERNELBASE.dll!RaiseException'], parameters: (stage) => [stage.draw.heap()] }, OWN),
  ],
  nearly: [ending('a code of the program’s own', { code: 0xe0000042, calls: ['KERNELBASE.dll!RaiseException'] }, { ...OWN, shows: ['h-app-raise'] })],
  against: [ending('a Delphi exception with no frame proved', { code: 0x0eedfade, calls: ['KERNELBASE.dll!RaiseException'], whole: false }, UNSEEN)],
};
const RAISE: Proof = {
  rule: 'h-app-raise',
  fires: [ending('a code of the program’s own', { code: 0xe0000001, calls: ['KERNELBASE.dll!RaiseException'] }, OWN)],
  nearly: [ending('the same code, not raised: it stands at a stop in the program', { code: 0xe0000001 }, { ...OWN, shows: ['h-app-own'] })],
  against: [ending('a code of the program’s own, with no frame proved', { code: 0xe0000001, calls: ['KERNELBASE.dll!RaiseException'], whole: false }, UNSEEN)],
};

const CLR_CALLS = ['app!Managed', 'coreclr.dll!IL_Throw', 'coreclr.dll!RaiseTheExceptionInternalOnly', 'KERNELBASE.dll!RaiseException'];
const clr = (hresult: bigint, more: Partial<Ending> = {}): Ending => ({
  ...{ code: 0xe0434352, functions: 'Managed > coreclr!IL_Throw', calls: CLR_CALLS, parameters: () => [hresult] },
  ...more,
});
const CLR: Proof = {
  rule: 'e-clr',
  fires: [
    ending('a null reference in managed code', clr(0xffff_ffff_8000_4003n), { ...OWN, words: [/System\.NullReferenceException/] }),
    ending('a file was not found and nobody caught it', clr(0x8007_0002n), { ...OWN, words: [/System\.IO\.FileNotFoundException/] }),
    ending('Environment.FailFast', clr(0n, { code: 0x80131623 }), { ...OWN, words: [/FailFast/] }),
  ],
  nearly: [ending('an HRESULT of the program’s own', clr(0x8abc_1234n), { ...OWN, shows: ['h-app-clr'] })],
  against: [
    ending('the runtime finds its own heap damaged', clr(0n, { code: 0x80131506 }), { ...FOUND, shows: ['e-clr'], words: [/ExecutionEngineException/] }),
    ending('a managed exception with no frame proved', clr(0x8013_1509n, { whole: false }), UNSEEN),
  ],
};

const STOW_CALLS = ['KERNELBASE.dll!RaiseException'];
const stowed = (form: 1 | 2, more: Partial<KeptError> = {}, whole = true): Ending => ({
  ...{ code: 0xc000027b, calls: STOW_CALLS, whole },
  parameters: (stage) => keptError(stage, { form, signature: 'SE02', own: true, ...more }),
});
const STOWED: Proof = {
  rule: 'e-stowed',
  fires: [
    ending('a Store program keeps an error of its own', stowed(1), {
      ...OWN,
      shows: ['h-app-stowed'],
      words: [/0x80070005 E_ACCESSDENIED, raised at \w+\.exe\+0x1234/],
    }),
    ending('the older form of the record', stowed(1, { signature: 'SE01' }), { ...OWN, shows: ['h-app-stowed'] }),
  ],
  nearly: [ending('the memory is no such record', stowed(1, { signature: 'XX09' }), { ...OWN, lacks: ['h-app-stowed'] })],
  against: [ending('no step of the program stands in the kept stack', stowed(1, { own: false }), { ...UNSEEN, shows: ['e-stowed'] })],
};
const STOWED_TEXT: Proof = {
  rule: 'e-stowed-text',
  fires: [ending('the kept error is a text alone', stowed(2), { ...UNSEEN, words: [/access to the album was denied/] })],
  nearly: [ending('the kept error has a stack', stowed(1), OWN)],
  against: [ending('a text alone: whose code failed is not told', stowed(2), { ...UNSEEN, shows: ['e-stowed-text'] })],
};

const PARAMETER = ['ucrtbase.dll!_invalid_parameter_noinfo', 'ucrtbase.dll!_invoke_watson'];
const INVALID: Proof = {
  rule: 'h-app-parameter',
  fires: [
    failsFast('the C runtime refuses an argument', 5n, OWN, { calls: PARAMETER }),
    ending('the C runtime of the old kind refuses an argument', { code: 0xc0000417, calls: PARAMETER }, OWN),
    ending('a call of Windows with a wrong argument raises', { code: 0xc000000d, calls: ['KERNELBASE.dll!RaiseException'] }, OWN),
  ],
  nearly: [failsFast('the same class of fail fast, by the program’s own check', 5n, { ...OWN, shows: ['h-app-failfast'] })],
  against: [ending('the runtime refuses; who called is not proved', { code: 0xc0000417, calls: PARAMETER, whole: false }, UNSEEN)],
};
const ABORT: Proof = {
  rule: 'h-app-abort',
  fires: [
    failsFast('the program calls abort', 7n, OWN, { calls: ['ucrtbase.dll!abort'] }),
    failsFast('an error reached terminate', 7n, OWN, { calls: ['ucrtbase.dll!terminate', 'ucrtbase.dll!abort'] }),
  ],
  nearly: [failsFast('a fail fast of the same class, not through abort', 7n, { ...OWN, shows: ['h-app-failfast'] })],
  against: [failsFast('abort, with nothing at hand', 7n, UNSEEN, { calls: ['ucrtbase.dll!abort'], whole: false })],
};

/** Windows starts a thread in the process for a debugger that attaches. */
function brokenIn(draw: Draw): MadeFault {
  const stage = new UserStage(draw, { whole: true });
  stage.thread.begin('ntdll.dll', 'RtlUserThreadStart').call('ntdll.dll', 'DbgUiRemoteBreakin', 'BaseThreadInitThunk').call('ntdll.dll', 'DbgBreakPoint');
  stage.idle().idle();
  return stage.write({ code: 0x80000003, address: stage.thread.placeOf('break'), parameters: [0n] }, { causes: ['manual'], culprits: [] });
}
const BROKEN_IN: Expected = { cause: 'manual', sureness: 'likely', culprit: 'nobody', shows: ['e-break', 'h-app-break'] };
const BREAK_UNSEEN = ending(
  'a break routine was called; by whom is not proved',
  { code: 0x80000003, calls: ['KERNELBASE.dll!DebugBreak'], whole: false },
  { cause: ['manual', 'application-bug'], sureness: 'possible', culprit: 'nobody', doubts: ['a-not-seen'], lacks: ['e-break'] },
);

const TRAP: Proof = {
  rule: 'h-app-trap',
  fires: [
    ending('an assertion stands in the program’s code', { code: 0x80000003 }, { ...OWN, shows: ['e-trap-instruction'] }),
    ending(
      'the program calls DebugBreak',
      { code: 0x80000003, calls: ['KERNELBASE.dll!DebugBreak'] },
      { ...OWN, shows: ['e-break-called'], lacks: ['e-break'] },
    ),
  ],
  nearly: [staged('a debugger broke in, on a thread that Windows made for it', brokenIn, { ...BROKEN_IN, lacks: ['e-break-called'] })],
  against: [BREAK_UNSEEN],
};
const BREAK_IN: Proof = {
  rule: 'e-break',
  fires: [staged('a debugger broke in, on a thread that Windows made for it', brokenIn, BROKEN_IN)],
  nearly: [ending('the program calls DebugBreak', { code: 0x80000003, calls: ['KERNELBASE.dll!DebugBreak'] }, OWN)],
  against: [BREAK_UNSEEN],
};

export const USER_END_PROOFS: readonly Proof[] = [
  ...[FAIL_FAST, PANIC, THROW_TYPE, THROW_TEXT, MAGIC, OTHER_LANGUAGES, RAISE, CLR, STOWED, STOWED_TEXT, INVALID, ABORT, TRAP, BREAK_IN],
];
