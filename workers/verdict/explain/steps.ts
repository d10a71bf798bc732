/** The steps that readings name, in the words of the verdict's advice. */
import type { Text } from '../verdict.ts';
import { text } from '../words.ts';

export interface GuideStep {
  readonly text: Text;
  /** A command to copy. */
  readonly copy?: string;
}

/** In place of a driver's name where no dump is at hand. */
const NAMED = { module: 'the suspected driver' };
const DISK_HEALTH = 'Get-PhysicalDisk | Get-StorageReliabilityCounter | Format-List *';

export const STEPS = {
  driver: [{ text: text('d-driver-update', NAMED) }, { text: text('d-driver-remove', NAMED), copy: 'pnputil /enum-drivers' }],
  verifier: [{ text: text('d-verifier-on', {}) }],
  verifierOff: [{ text: text('d-verifier-off', {}), copy: 'verifier /reset' }],
  dump: [{ text: text('d-dump-kernel', {}) }],
  collect: [{ text: text('d-collect', {}) }],
  memory: [{ text: text('d-mem-profile', {}) }, { text: text('d-mem-test', {}), copy: 'mdsched.exe' }, { text: text('d-mem-stick', {}) }],
  processor: [{ text: text('d-cpu-defaults', {}) }, { text: text('d-cpu-bios', {}) }, { text: text('d-cpu-stress', {}) }],
  graphics: [{ text: text('d-gpu-stock', {}) }, { text: text('d-gpu-clean', {}) }, { text: text('d-gpu-older', {}) }],
  disk: [
    { text: text('d-disk-health', {}), copy: DISK_HEALTH },
    { text: text('d-disk-cable', {}) },
    { text: text('d-disk-scan', {}), copy: 'chkdsk C: /scan' },
  ],
  driveFirmware: [{ text: text('d-ssd-firmware', {}) }],
  system: [{ text: text('d-system', {}), copy: 'DISM /Online /Cleanup-Image /RestoreHealth' }],
  foreign: [{ text: text('d-foreign', {}) }],
  program: [{ text: text('d-reinstall-app', { app: 'the program' }) }],
  update: [{ text: text('d-windows-update', {}) }],
  firmware: [{ text: text('d-firmware-update', {}) }],
  hypervisor: [{ text: text('d-hypervisor-off', {}) }],
  usb: [{ text: text('d-usb-halves', {}) }],
  slot: [{ text: text('d-pcie-reseat', {}) }],
  boot: [{ text: text('d-boot-order', {}) }, { text: text('d-winre', {}) }],
  repair: [{ text: text('d-winre', {}) }],
  hibernation: [{ text: text('d-hiber', {}), copy: 'powercfg /h off' }],
  fastStartup: [{ text: text('d-fast-startup', {}), copy: 'powercfg /h off' }],
  busyDrivers: [{ text: text('d-dpc-drivers', {}) }],
  inspect: [{ text: text('d-inspect', {}) }],
  nothing: [{ text: text('d-no-action', {}) }],
} as const satisfies Readonly<Record<string, readonly GuideStep[]>>;
export type StepId = keyof typeof STEPS;
