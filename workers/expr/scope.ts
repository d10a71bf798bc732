import type { Va } from '../base/address.ts';
import type { Found } from '../base/found.ts';
import type { AddressSpace } from '../memory/space.ts';

/** What an expression may refer to. Built from a session; small, so that tests can hand in their own. */
export interface ExpressionScope {
  readonly memory: AddressSpace;
  /** A register by WinDbg's name, without `@`; undefined where no such register exists on this machine. */
  register(name: string): Found<bigint> | undefined;
  /** A pseudo-register by its name with `$`; undefined where there is none of this name. */
  pseudo(name: string): Found<bigint> | undefined;
  /** "nt", "nt!KeBugCheckEx", "KeBugCheckEx"; undefined where nothing has this name. */
  symbol(name: string): Found<Va> | undefined;
}
