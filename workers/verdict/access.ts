import { type Va, va } from '../base/address.ts';
import type { ExceptionInfo } from '../target/target.ts';

export interface Access {
  readonly kind: 'read' | 'write' | 'execute';
  readonly address: Va;
}

const KINDS: Readonly<Record<string, Access['kind']>> = { 0: 'read', 1: 'write', 8: 'execute' };
const STATUS_ACCESS_VIOLATION = 0xc0000005;
const STATUS_IN_PAGE_ERROR = 0xc0000006;

/**
 * What an access violation or in-page error tried, from its first two parameters (0 read, 1 write, 8 execute).
 * Source: learn.microsoft.com/windows/win32/api/winnt/ns-winnt-exception_record.
 */
export function accessOf(exception: Pick<ExceptionInfo, 'code' | 'parameters'>): Access | undefined {
  if (exception.code !== STATUS_ACCESS_VIOLATION && exception.code !== STATUS_IN_PAGE_ERROR) return undefined;
  const [kind, address] = exception.parameters;
  if (kind === undefined || address === undefined) return undefined;
  const name = KINDS[kind.toString()];
  return name && { kind: name, address: va(address) };
}
