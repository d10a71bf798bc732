/** Commands about the kernel's state: what they are called and take, for help, completion and the documents. */
import { refuse } from '../base/problem.ts';
import { KERNEL_STATE_CODE } from './lateparts.ts';
import type { CommandSpec } from './spec.ts';

const ROWS: readonly Omit<CommandSpec, 'aliases' | 'run'>[] = [
  {
    name: '!running',
    group: 'threads',
    summary: 'what runs on each processor; -i the idle ones too, -t with stacks',
    args: [{ name: 'options', kind: 'flags', optional: true, summary: '-i, -t, -it' }],
    needs: ['kernel', 'memory'],
    examples: [
      { line: '!running', fixture: 'power' },
      { line: '!running -it', fixture: 'power' },
    ],
  },
  {
    name: '!irql',
    group: 'threads',
    summary: 'the interrupt request level of a processor before the stop',
    args: [{ name: 'processor', kind: 'expression', optional: true, summary: 'its number; the one that stopped where none is given' }],
    needs: ['kernel', 'memory'],
    examples: [{ line: '!irql 2', fixture: 'power' }],
  },
  {
    name: '!dpcs',
    group: 'threads',
    summary: 'deferred procedure calls that wait on each processor',
    args: [],
    needs: ['kernel', 'memory'],
    examples: [{ line: '!dpcs', fixture: 'power' }],
  },
  {
    name: '!dpcwatchdog',
    group: 'threads',
    summary: 'per processor: time in DPCs and interrupts, DPCs that wait, and what the watchdog saw running',
    args: [],
    needs: ['kernel', 'memory'],
    examples: [{ line: '!dpcwatchdog', fixture: 'power' }],
  },
  {
    name: '!deadlock',
    group: 'threads',
    summary: 'the locks and threads of a deadlock that Driver Verifier found (0xC4)',
    args: [{ name: 'flags', kind: 'flags', optional: true, summary: '1, 2 or 3: with stacks' }],
    needs: ['kernel', 'bugcheck'],
    examples: [{ line: '!deadlock', fixture: 'deadlock' }],
  },
  {
    name: '!verifier',
    group: 'analysis',
    summary: 'Driver Verifier: its options, what it counted, and the blocks a driver left behind',
    args: [
      { name: 'flags', kind: 'flags', optional: true, summary: '1: counts, 3: the blocks that the driver of 0xC4/0x62 left' },
      { name: 'driver', kind: 'text', optional: true, summary: 'taken from the stop; may be left out' },
    ],
    needs: ['kernel'],
    examples: [{ line: '!verifier 3', fixture: 'leak' }],
  },
  {
    name: '!pte',
    group: 'memory',
    summary: 'the page table entries of an address',
    args: [{ name: 'address', kind: 'expression', optional: false, summary: 'whose entries are wanted' }],
    needs: ['kernel', 'memory'],
    examples: [{ line: '!pte @rip', fixture: 'power' }],
  },
  {
    name: '!vtop',
    group: 'memory',
    summary: 'where an address lies in physical memory, entry by entry',
    args: [
      { name: 'directory', kind: 'expression', optional: true, summary: 'DirBase of a process; 0 or none: of the one that stopped' },
      { name: 'address', kind: 'expression', optional: false, summary: 'virtual' },
    ],
    needs: ['kernel', 'memory'],
    examples: [{ line: '!vtop 0 @rip', fixture: 'power' }],
  },
  {
    name: '!vm',
    group: 'memory',
    summary: 'how full memory, pools and commit were',
    args: [{ name: 'flags', kind: 'flags', optional: true, summary: '1: no processes, which are not listed here anyway' }],
    needs: ['kernel'],
    examples: [{ line: '!vm', fixture: 'leak' }],
  },
  {
    name: '!pool',
    group: 'memory',
    summary: 'the pool blocks around an address, with their tags',
    args: [
      { name: 'address', kind: 'expression', optional: false, summary: 'in the block' },
      { name: 'flags', kind: 'flags', optional: true, summary: '2: that block alone' },
    ],
    needs: ['kernel', 'memory'],
    examples: [{ line: '!pool ffffe08170000050', fixture: 'leak' }],
  },
  {
    name: '!poolused',
    group: 'memory',
    summary: 'what each pool tag holds of the kernel’s memory',
    args: [
      { name: 'flags', kind: 'flags', optional: true, summary: '1 counts of both, 2 by non-paged bytes, 4 by paged bytes' },
      { name: 'tag', kind: 'pattern', optional: true, summary: 'four characters, with * and ?' },
    ],
    needs: ['kernel', 'memory'],
    examples: [{ line: '!poolused 2', fixture: 'leak' }],
  },
];

export const LATE_COMMANDS: readonly CommandSpec[] = ROWS.map((row) => ({
  ...row,
  aliases: [],
  *run(context, tail, typed) {
    const code = yield* KERNEL_STATE_CODE.use();
    const run = code.ok ? code.value.LATE_RUNS[row.name] : undefined;
    return run ? yield* run(context, tail, typed) : code.ok ? refuse('UNKNOWN_COMMAND', `there is no command '${row.name}'`, { at: 0 }) : code;
  },
}));
