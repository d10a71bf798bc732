/** Addresses of pages about codes, and the code that another wraps. */
import type { Knowledge } from '../../knowledge/knowledge.ts';
import { statusWords } from '../case.ts';

export interface SeeAlso {
  /** Path of the fragment: "code/7e", "status/c0000005", "learn/verifier". */
  readonly path: string;
  readonly text: string;
}
export const hexText = (value: bigint | number): string => value.toString(16);

export const statusLink = (knowledge: Knowledge, code: number): SeeAlso => ({ path: `status/${hexText(code)}`, text: statusWords(knowledge, code) });

/** 0x8007xxxx wraps a Win32 error, 0xDxxxxxxx (bit 28) an NTSTATUS (winerror.h: HRESULT_FROM_WIN32, HRESULT_FROM_NT). */
export function wrappedError(knowledge: Knowledge, code: number): { readonly link: SeeAlso; readonly name: string } | undefined {
  const win32 = code >>> 16 === 0x8007 ? knowledge.win32(code & 0xffff) : undefined;
  if (win32) return { link: { path: `status/${hexText(win32.code)}/win32`, text: `${win32.name} (Win32 ${String(win32.code)})` }, name: win32.name };
  const inner = (code & 0x1000_0000) === 0 ? undefined : knowledge.ntstatus((code & ~0x1000_0000) >>> 0);
  return inner && { link: statusLink(knowledge, inner.code), name: inner.name };
}
