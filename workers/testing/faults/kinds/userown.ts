/** Applications that end themselves, or wait, and leave more than a code: a type, a text, a kept error, a report, a lock. */
import { ascii } from '../../build/binary.ts';
import type { FaultKind } from '../truth.ts';
import { foundByWindows, heapDamage, keptError, thrownObject, waitingProgram } from '../userdata.ts';
import { kind } from './kind.ts';
import { byProgram, inProgram, throwing } from './user.ts';

const RUST = `
load_map > rust_begin_unwind
rust_begin_unwind > rust_panic
rust_panic >`;

export const USER_OWN_KINDS: readonly FaultKind[] = [
  kind('u-throw-text', 'a program throws a C++ error with a text that nobody catches', (draw) => {
    const stage = throwing(draw);
    const parameters = thrownObject(stage, ['.?AVruntime_error@std@@', '.?AVexception@std@@'], ascii('cannot open the map\0'));
    return stage.write({ code: 0xe06d7363, address: stage.thread.placeOf('break'), parameters, flags: 1 }, byProgram(stage));
  }),
  kind('u-rust-panic', 'a program written in Rust panics', (draw) => {
    const stage = inProgram(draw, { functions: RUST, developer: draw.chance(0.5) });
    stage.thread.call(stage.program, 'load_map', 'Callback').chain(stage.program, 'rust_begin_unwind', 'rust_panic');
    return stage.write({ code: 0xc0000409, address: stage.thread.placeOf('failfast'), parameters: [7n], flags: 1 }, byProgram(stage));
  }),
  kind('u-stowed', 'a Store program keeps an error on its way and ends with it', (draw) => {
    const stage = inProgram(draw);
    stage.thread.call('KERNELBASE.dll', 'RaiseException');
    const parameters = keptError(stage, { form: draw.chance(0.8) ? 1 : 2, signature: 'SE02', own: draw.chance(0.8) });
    return stage.write({ code: 0xc000027b, address: stage.thread.placeOf('break'), parameters, flags: 1 }, byProgram(stage));
  }),
  kind('u-heap-report', 'the heap finds a block freed twice, or run over, and reports it', (draw) => heapDamage(inProgram(draw), draw.pick([3, 6, 8, 9]))),
  kind('u-list-found', 'ntdll finds a list of its own broken while the program frees a block', (draw) => {
    const stage = inProgram(draw);
    stage.thread.call('ntdll.dll', 'RtlFreeHeap').call('ntdll.dll', 'RtlpFreeHeapInternal');
    return stage.write({ code: 0xc0000409, address: stage.thread.placeOf('failfast'), parameters: [3n], flags: 1 }, foundByWindows(stage));
  }),
  kind('u-blocked', 'threads of a program wait for a lock whose owner computes', (draw) => {
    const stage = waitingProgram(draw, { waits: [0, 0, undefined], owners: [2] });
    return stage.write(undefined, { causes: ['hang', 'application', 'manual'], culprits: [stage.program], namelessToo: true });
  }),
];
