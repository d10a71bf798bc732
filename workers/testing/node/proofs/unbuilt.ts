/** Headlines, signs and doubts that no built dump makes a verdict say, each with the reason. */
import type { TextId } from '../../../verdict/words.ts';

const RECORDS = 'no builder draws these secondary data';

export const UNBUILT: Readonly<Partial<Record<TextId, string>>> = {
  'e-blobs': RECORDS,
  'e-cpu-fault': RECORDS,
  'e-cpu-fixed': RECORDS,
  'e-firmware-old': RECORDS,
  'e-memory-fast': RECORDS,
  'e-memory-mixed': RECORDS,
  'e-shutting-down': RECORDS,
  'e-sleeping': RECORDS,
  'e-power-button': RECORDS,
  'e-boots-lost': RECORDS,
  'e-winlogon': RECORDS,
  'e-pnp-busy': RECORDS,
  'e-ci-damaged': RECORDS,
  'e-ci-refused': RECORDS,
  'e-ntfs-slow': RECORDS,
  'e-ntfs-oplock': RECORDS,
  'e-storage-failed': RECORDS,
  'e-storage-stuck': RECORDS,
  'e-pci-error': RECORDS,
  'e-pci-silent': RECORDS,
};
