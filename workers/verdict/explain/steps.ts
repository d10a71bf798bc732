/** The steps that readings name, in the words of the verdict's advice. */
import type { Text } from '../verdict.ts';
import { type PlainId, text } from '../words.ts';
import { lineOf } from '../words/lines.ts';

export interface GuideStep {
  readonly text: Text;
  /** A command to copy. */
  readonly copy?: string;
}

function stepOf(one: Text): GuideStep {
  const copy = lineOf(one);
  return copy === undefined ? { text: one } : { text: one, copy };
}
const plain = (...ids: readonly PlainId[]): readonly GuideStep[] => ids.map((id) => stepOf(text(id, {})));

/** In place of a driver's name where no dump is at hand. */
const NAMED = { module: 'the suspected driver' };

export const STEPS = {
  driver: [stepOf(text('d-driver-update', NAMED)), stepOf(text('d-driver-remove', NAMED))],
  verifier: plain('d-verifier-on'),
  verifierOff: plain('d-verifier-off'),
  dump: plain('d-memory-dmp', 'd-dump-kernel'),
  collect: plain('d-collect'),
  memory: plain('d-mem-profile', 'd-mem-test', 'd-mem-stick'),
  processor: plain('d-cpu-defaults', 'd-cpu-bios', 'd-cpu-stress'),
  graphics: plain('d-gpu-stock', 'd-gpu-clean', 'd-gpu-older'),
  disk: plain('d-backup', 'd-disk-health', 'd-disk-cable'),
  driveFirmware: plain('d-ssd-firmware'),
  system: plain('d-system'),
  foreign: plain('d-foreign'),
  program: [stepOf(text('d-reinstall-app', { app: 'the program' }))],
  update: plain('d-windows-update'),
  firmware: plain('d-defaults', 'd-firmware-update'),
  hypervisor: plain('d-hypervisor-off'),
  usb: plain('d-usb-halves', 'd-usb-drivers'),
  slot: plain('d-pcie-reseat'),
  boot: plain('d-boot-order', 'd-winre-undo', 'd-winre-check'),
  repair: plain('d-winre-restore', 'd-winre-check'),
  repairFiles: plain('d-winre-restore', 'd-winre-undo', 'd-winre-files'),
  hibernation: plain('d-hiber'),
  fastStartup: plain('d-fast-startup'),
  busyDrivers: plain('d-dpc-drivers'),
  inspect: plain('d-inspect-dump'),
  nothing: plain('d-no-action'),
} as const satisfies Readonly<Record<string, readonly GuideStep[]>>;
export type StepId = keyof typeof STEPS;
