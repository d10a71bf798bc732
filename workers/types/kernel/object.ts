/** What all objects of the kernel have: a mark of their kind, and those of the object manager a header with a name before them. */
import { type Va, vaAdd } from '../../base/address.ts';
import { type Found, found, missing, notValid, thenFound } from '../../base/found.ts';
import type { TypedMemory, TypedView } from '../typedview.ts';

/** A struct in which one field says what it is. */
export interface Kind {
  readonly type: string;
  readonly path: string;
  readonly value: number;
}

/** The view where the mark is right; anything else is refused, so that no rubbish is told. */
export function viewOfKind(kernel: TypedMemory, at: Va, { type, path, value }: Kind): Found<TypedView> {
  return thenFound(kernel.view(type, at), (view) =>
    thenFound(view.number(path), (mark) => (mark === value ? found(view) : notValid(`${type}.${path}`, String(mark), String(value)))),
  );
}

/** InfoMask (Windows 7 and later): each bit is a block before the header, the lowest nearest to it. */
const CREATOR_INFO = 1;
const NAME_INFO = 2;

/** OBJECT_HEADER of an object. */
export function objectHeader(kernel: TypedMemory, body: Va): Found<TypedView> {
  return thenFound(kernel.view('_OBJECT_HEADER', body), (view) =>
    thenFound(view.address('Body'), (end) => kernel.view('_OBJECT_HEADER', vaAdd(body, body - end))),
  );
}

/** Name of an object; Missing where it has none. */
export function objectName(kernel: TypedMemory, body: Va): Found<string> {
  return thenFound(objectHeader(kernel, body), (header) =>
    thenFound(header.number('InfoMask'), (mask) => {
      if ((mask & NAME_INFO) === 0) return missing({ why: 'not-computed', detail: 'the object has no name' });
      const creator = mask & CREATOR_INFO ? kernel.sizeOf('_OBJECT_HEADER_CREATOR_INFO') : found(0);
      return thenFound(creator, (behind) =>
        thenFound(kernel.sizeOf('_OBJECT_HEADER_NAME_INFO'), (size) =>
          thenFound(kernel.view('_OBJECT_HEADER_NAME_INFO', vaAdd(header.at, -behind - size)), (info) => info.text('Name')),
        ),
      );
    }),
  );
}

/** FILETIME as milliseconds since 1970; Missing where it is zero. */
const FILETIME_1970 = 116_444_736_000_000_000n;
export function fileTime(value: Found<bigint>): Found<number> {
  return thenFound(value, (ticks) =>
    ticks > FILETIME_1970 ? found(Number((ticks - FILETIME_1970) / 10_000n)) : notValid('time', String(ticks), 'after 1970'),
  );
}
