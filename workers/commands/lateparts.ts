/** The parts of the console that are fetched at their first use. */
import { LateCode } from './latecode.ts';

export const ANALYZE_CODE = new LateCode('!analyze', () => import('./analyzework.ts'));
export const SECONDARY_CODE = new LateCode('the commands on secondary data', () => import('./secondarywork.ts'));
export const KERNEL_STATE_CODE = new LateCode('the commands on the kernel’s state', () => import('./lateruns.ts'));

/** For callers that run lines at once. */
export async function loadLateCode(): Promise<void> {
  await Promise.all([ANALYZE_CODE, SECONDARY_CODE, KERNEL_STATE_CODE].map((part) => part.load()));
}
