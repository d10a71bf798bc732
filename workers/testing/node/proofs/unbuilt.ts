/**
 * Headlines, signs and doubts that no built dump makes a verdict say, each with the reason why none can be built. The test fails for one
 * that is missing here, and for one that is said after all.
 */
import type { TextId } from '../../../verdict/words.ts';

export const UNBUILT: Readonly<Partial<Record<TextId, string>>> = {
  'e-boots-lost': 'held by the tests of secondary data alone',
  'e-ci-damaged': 'held by the tests of secondary data alone',
  'e-ci-refused': 'held by the tests of secondary data alone',
  'e-cpu-fault': 'held by the tests of secondary data alone',
  'e-cpu-fixed': 'held by the tests of secondary data alone',
  'e-firmware-old': 'held by the tests of secondary data alone',
  'e-memory-fast': 'held by the tests of secondary data alone',
  'e-memory-mixed': 'held by the tests of secondary data alone',
  'e-ntfs-oplock': 'held by the tests of secondary data alone',
  'e-ntfs-slow': 'held by the tests of secondary data alone',
  'e-pci-error': 'held by the tests of secondary data alone',
  'e-pci-silent': 'held by the tests of secondary data alone',
  'e-pnp-busy': 'held by the tests of secondary data alone',
  'e-pnp-gone': 'held by the tests of secondary data alone',
  'e-power-button': 'held by the tests of secondary data alone',
  'e-shutting-down': 'held by the tests of secondary data alone',
  'e-sleeping': 'held by the tests of secondary data alone',
  'e-storage-failed': 'held by the tests of secondary data alone',
  'e-storage-stuck': 'held by the tests of secondary data alone',
  'e-storage-well': 'held by the tests of secondary data alone',
  'e-winlogon': 'held by the tests of secondary data alone',
};
