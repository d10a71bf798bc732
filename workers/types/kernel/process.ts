/** EPROCESS by field name. */
import type { Va } from '../../base/address.ts';
import { type Found, found, mapFound, thenFound } from '../../base/found.ts';
import type { TypedMemory, TypedView } from '../typedview.ts';
import { fileTime, type Kind, viewOfKind } from './object.ts';

export interface KernelProcess {
  readonly view: TypedView;
  /** Up to fifteen characters, as the kernel keeps it. */
  readonly name: Found<string>;
  readonly id: Found<number>;
  readonly parentId: Found<number>;
  readonly sessionId: Found<number>;
  readonly directoryTableBase: Found<bigint>;
  readonly peb: Found<Va>;
  readonly objectTable: Found<Va>;
  readonly handleCount: Found<number>;
  readonly activeThreads: Found<number>;
  /** Milliseconds since 1970. */
  readonly createTime: Found<number>;
  readonly exitStatus: Found<number>;
}

/** KOBJECTS: ProcessObject. */
const PROCESS: Kind = { type: '_EPROCESS', path: 'Pcb.Header.Type', value: 3 };

export function readProcess(kernel: TypedMemory, at: Va): Found<KernelProcess> {
  return mapFound(viewOfKind(kernel, at, PROCESS), (view) => ({
    view,
    name: view.text('ImageFileName'),
    id: view.number('UniqueProcessId'),
    parentId: view.number('InheritedFromUniqueProcessId'),
    sessionId: sessionOf(view),
    directoryTableBase: view.uint('Pcb.DirectoryTableBase'),
    peb: view.pointer('Peb'),
    objectTable: view.pointer('ObjectTable'),
    handleCount: handlesOf(view),
    activeThreads: view.number('ActiveThreads'),
    createTime: fileTime(view.uint('CreateTime.QuadPart')),
    exitStatus: view.number('ExitStatus'),
  }));
}

/** The kernel's session block has named its id `SessionId` since XP; what the process points to became an opaque block in 24H2. */
function sessionOf(view: TypedView): Found<number> {
  return thenFound(view.follow('Session', '_MM_SESSION_SPACE'), (session) => session.number('SessionId'));
}

/** Handles in use: a count of the table, from Windows 8 on of its first free list. A process that ended has no table. */
function handlesOf(view: TypedView): Found<number> {
  return thenFound(view.pointer('ObjectTable'), (at) =>
    at === 0n
      ? found(0)
      : thenFound(view.follow('ObjectTable'), (table) => table.number(table.has('HandleCount') ? 'HandleCount' : 'FreeLists[0].HandleCount')),
  );
}
