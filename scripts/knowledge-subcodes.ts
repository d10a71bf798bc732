/**
 * Cases of bug checks that the collected facts lack or have otherwise than the pages now do, in words of our own
 * (windows-driver-docs, pages of 0xC1, 0x13A, 0x1C6 and 0x1C7, parameters).
 */
export interface SubCode {
  readonly code: number;
  readonly param: 1 | 4;
  readonly value: number;
  readonly meaning: string;
  /** What the other arguments hold, by number. */
  readonly sets?: Readonly<Partial<Record<'p1' | 'p2' | 'p3' | 'p4', string>>>;
}

/** A table by its first value; a gap is left empty. */
const series = (code: number, from: number, meanings: readonly string[]): readonly SubCode[] =>
  meanings.map((meaning, index) => ({ code, param: 1, value: from + index, meaning }));

const FREED = { p1: 'address that was to be freed' } as const;

export const SUB_CODES: readonly SubCode[] = [
  { code: 0xc1, param: 4, value: 0x20, meaning: 'free of memory that was not allocated', sets: FREED },
  { code: 0xc1, param: 4, value: 0x21, meaning: 'free of a bad address', sets: { ...FREED, p2: 'bytes asked for', p3: 'bytes given' } },
  { code: 0xc1, param: 4, value: 0x22, meaning: 'free of a bad address', sets: { ...FREED, p2: 'bytes asked for', p3: 'bytes given' } },
  { code: 0xc1, param: 4, value: 0x31, meaning: 'free at the wrong IRQL', sets: { p1: 'IRQL', p2: 'pool type', p3: 'address that was to be freed' } },
  { code: 0xc1, param: 4, value: 0x32, meaning: 'a single bit near the block is wrong', sets: { ...FREED, p2: 'address of the wrong bit' } },
  ...series(0x13a, 3, [
    'header of a block damaged',
    'headers of several blocks damaged',
    'header of a large block damaged',
    'damage that looks like a write past the end of a block',
    'damage that looks like a write in front of a block',
    'a free block was given to an operation for blocks in use',
    'invalid argument',
    'invalid type of allocation',
    'damage that looks like use after free',
    'wrong heap for the operation',
    'free list damaged',
    'a list other than the free list damaged',
    'a free block was given to an operation for blocks in use',
    'inner state invalid, mostly by a write past the end of a block',
    'inner state invalid, mostly by a write past the end of a block',
    'inner state invalid, mostly by a write past the end of a block',
    'no heap was given',
    'larger than the heap may give',
    'beyond the limit of what may be committed',
    'invalid question for the size of a large allocation',
  ]),
  ...series(0x1c6, 0, [
    'the caller’s IRQL is too high for the routine',
    'owner entry never initialized',
    'owner entry in use for another acquisition',
    'resource of the old kind given to a routine for fast ones',
    'resource that is still held',
    'called within a DPC',
    'called within a special kernel APC',
    'called with normal kernel APCs enabled',
    'owner entry does not hold this resource',
    'owner entry of another thread',
    'owner entry was disowned',
    'owner entry acquired in the other way, shared or exclusive',
    'owner entry does not hold this resource',
    'owner entry was not disowned',
    'fast resource given to a routine for old ones',
    'fast resource that does not allow the old routines',
    'invalid flags at initialization',
    'release for another thread than the caller’s',
    'disowned although acquired several times',
    'converted although acquired several times',
    'a thread ended and still holds a resource',
    'a thread ended and left a disowned acquisition',
    'converted by a thread that does not hold it exclusively',
  ]),
  ...series(0x1c7, 0, [
    'hash of a buffer of compressed memory does not match',
    'exception in the store, and the hash of a buffer does not match',
    'a page read back is damaged, and the hash of its buffer does not match',
    'a page read back is damaged, and its record changed meanwhile',
  ]),
];
