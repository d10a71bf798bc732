/**
 * Annotations of an inline site: a small program of compressed numbers that gives the code ranges of the inlined function and their
 * lines (microsoft-pdb, include/cvinfo.h, BinaryAnnotationOpcode and CVUncompressData).
 */

/** A run of code, in bytes from the start of the procedure. */
export interface InlineRange {
  readonly start: number;
  readonly end: number;
  /** Counted from the first line of the inlined function. */
  readonly lineDelta: number;
  /** Offset of the file's entry among the checksums; undefined: the file in which the function begins. */
  readonly checksum: number | undefined;
}

interface State {
  readonly ranges: InlineRange[];
  /** Where the range begins that has no end yet. */
  open: Omit<InlineRange, 'end'> | undefined;
  code: number;
  lineDelta: number;
  checksum: number | undefined;
}

function closeAt(state: State, end: number): void {
  if (state.open && end > state.open.start) state.ranges.push({ ...state.open, end });
  state.open = undefined;
}

/** The code offset moved: from here on it is the line set last. */
function openAt(state: State, code: number): void {
  closeAt(state, code);
  state.code = code;
  state.open = { start: code, lineDelta: state.lineDelta, checksum: state.checksum };
}

const signed = (value: number): number => (value & 1 ? -(value >>> 1) : value >>> 1);

interface Operation {
  readonly operands: 1 | 2;
  run(state: State, first: number, second: number): void;
}

const nothing = (): void => undefined;

/** By opcode, from 1. Columns, the kind of a range and the end of a statement are not shown anywhere. */
const OPERATIONS: Readonly<Record<number, Operation>> = {
  1: { operands: 1, run: (state, offset) => openAt(state, offset) },
  2: { operands: 1, run: nothing },
  3: { operands: 1, run: (state, delta) => openAt(state, state.code + delta) },
  4: {
    operands: 1,
    run: (state, length) => {
      state.code += length;
      closeAt(state, state.code);
    },
  },
  5: { operands: 1, run: (state, checksum) => void (state.checksum = checksum) },
  6: { operands: 1, run: (state, delta) => void (state.lineDelta += signed(delta)) },
  7: { operands: 1, run: nothing },
  8: { operands: 1, run: nothing },
  9: { operands: 1, run: nothing },
  10: { operands: 1, run: nothing },
  11: {
    operands: 1,
    run: (state, both) => {
      state.lineDelta += signed(both >>> 4);
      openAt(state, state.code + (both & 0xf));
    },
  },
  12: {
    operands: 2,
    run: (state, length, delta) => {
      openAt(state, state.code + delta);
      closeAt(state, state.code + length);
    },
  },
  13: { operands: 1, run: nothing },
};

/** One, two or four bytes by the highest bits; undefined where they are none of these or the bytes end. */
function readCompressed(bytes: Uint8Array, at: number): { readonly value: number; readonly next: number } | undefined {
  const [first = 0x100, second = 0, third = 0, fourth = 0] = bytes.subarray(at, at + 4);
  if (first < 0x80) return { value: first, next: at + 1 };
  if (first < 0xc0 && at + 2 <= bytes.length) return { value: ((first & 0x3f) << 8) | second, next: at + 2 };
  if (first < 0xe0 && at + 4 <= bytes.length) return { value: ((first & 0x1f) << 24) | (second << 16) | (third << 8) | fourth, next: at + 4 };
  return undefined;
}

/** The ranges; as far as the bytes can be understood. A range that nothing ends is left out. */
export function parseAnnotations(bytes: Uint8Array): readonly InlineRange[] {
  const state: State = { ranges: [], open: undefined, code: 0, lineDelta: 0, checksum: undefined };
  for (let at = 0; at < bytes.length;) {
    const code = readCompressed(bytes, at);
    const operation = code && OPERATIONS[code.value];
    const first = operation && readCompressed(bytes, code.next);
    const second = operation?.operands === 2 && first ? readCompressed(bytes, first.next) : first;
    if (!operation || !first || !second) break;
    operation.run(state, first.value, second.value);
    at = second.next;
  }
  return state.ranges;
}
