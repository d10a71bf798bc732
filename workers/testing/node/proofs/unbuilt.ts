/** Headlines, signs and doubts that no built dump makes a verdict say, each with the reason. */
import type { TextId } from '../../../verdict/words.ts';

export const UNBUILT: Readonly<Partial<Record<TextId, string>>> = {
  'h-process': 'no builder draws it',
  'h-dpc-windows': 'no builder draws it',
  'h-unknown-code': 'no builder draws it',
  'h-tool': 'no builder draws it',
  'h-not-crash': 'no builder draws it',
  'e-samples-stuck': 'no builder draws it',
  'e-stuck-thread': 'no builder draws it',
  'e-dpc-samples': 'no builder draws it',
  'e-dpc-samples-driver': 'no builder draws it',
  'e-no-stop': 'no builder draws it',
  'e-tool-mark': 'no builder draws it',
  'e-blobs': 'no builder draws it',
};
