/** The dump's own processor: from the registers or the registry values that mssmbios kept, from the KPRCB, or from a minidump's system stream. */
import { firstFound, type Found, found, mapFound, missing, thenFound, valueOf } from '../base/found.ts';
import { hex } from '../base/hex.ts';
import { type ProcessorId, processorOfRegisters, processorOfValues, readProcessorRegisters, readProcessorValues } from '../formats/secondary/processor.ts';
import type { CpuFault } from '../knowledge/knowledge.ts';
import { kernelMemory } from '../target/kernelmemory.ts';
import { secondaryBytes } from '../target/secondary.ts';
import type { Session } from '../target/target.ts';
import { findPrcb } from './prcb.ts';

export interface NamedProcessor extends ProcessorId {
  /** The console command that shows it. */
  readonly command: string;
}

const NONE = missing({ why: 'stream-absent', stream: 'the processor' });
const named = (id: ProcessorId | undefined, command: string): Found<NamedProcessor> => (id ? found({ ...id, command }) : NONE);

/** KPRCB.CpuType, CpuModel, CpuStepping, VendorString and the high half of UpdateSignature (vergiliusproject.com, _KPRCB). */
function fromPrcb(session: Session): Found<NamedProcessor> {
  const { target } = session;
  const at = target.processor.ok ? findPrcb(target, target.processor.value) : undefined;
  if (at === undefined || target.arch !== 'x64') return NONE;
  return thenFound(kernelMemory(session), (kernel) =>
    thenFound(kernel.view('_KPRCB', at), (prcb) => {
      const [family, model, stepping] = ['CpuType', 'CpuModel', 'CpuStepping'].map((name) => valueOf(prcb.number(name)));
      const letters = valueOf(prcb.text('VendorString'));
      if (family === undefined || model === undefined || stepping === undefined || !letters) return NONE;
      // MSR 8B: Intel's revision is the high half, AMD's the low one.
      const revision = valueOf(mapFound(prcb.uint('UpdateSignature.QuadPart'), (value) => Number(value >> 32n || value)));
      return found({
        vendor: letters,
        family,
        model,
        stepping,
        ...(revision ? { microcode: revision } : {}),
        command: `dt nt!_KPRCB ${hex(at)}`,
      });
    }),
  );
}

/** "6, 0xb701": MINIDUMP_SYSTEM_INFO's ProcessorLevel and ProcessorRevision, whose bytes are model and stepping (minidumpapiset.h). */
function fromMinidump({ target }: Session): Found<NamedProcessor> {
  const fact = (name: string): string | undefined => valueOf(target.facts.find((one) => one.name === name)?.value ?? NONE);
  const [, family, revision] = /^(\d+), (0x[0-9a-f]+)$/.exec(fact('CPU level and revision') ?? '') ?? [];
  const vendor = fact('CPU vendor');
  if (target.kind !== 'user' || family === undefined || revision === undefined || vendor === undefined) return NONE;
  return found({ vendor, family: Number(family), model: Number(revision) >> 8, stepping: Number(revision) & 0xff, command: 'vertarget' });
}

/** The registers of an AMD processor that are kept leave its microcode out; the KPRCB has it. */
export function processorOf(session: Session): Found<NamedProcessor> {
  const id = identified(session);
  const kept = id.ok && id.value.microcode === undefined ? valueOf(fromPrcb(session)) : undefined;
  const same = id.ok && kept?.microcode !== undefined && kept.family === id.value.family && kept.model === id.value.model;
  return same ? found({ ...kept, ...id.value, command: kept.command }) : id;
}

function identified(session: Session): Found<NamedProcessor> {
  return firstFound<NamedProcessor>([
    () =>
      thenFound(secondaryBytes(session.target, 'processorRegisters'), (bytes) =>
        named(processorOfRegisters(readProcessorRegisters(bytes)), '!sysinfo registers'),
      ),
    () => thenFound(secondaryBytes(session.target, 'processorValues'), (bytes) => named(processorOfValues(readProcessorValues(bytes)), '!sysinfo cpuinfo')),
    () => fromPrcb(session),
    () => fromMinidump(session),
  ]);
}

const MAKERS: Readonly<Record<string, CpuFault['vendor']>> = { GenuineIntel: 'Intel', AuthenticAMD: 'AMD' };
const DAY = 86_400;

export interface ProcessorFault {
  readonly fault: CpuFault;
  /** "Intel Raptor Lake-S (13th / 14th gen)". */
  readonly model: string;
  /** The microcode is known and holds the correction. */
  readonly corrected: boolean;
}

/** A published fault of this very family, model and stepping. */
export function processorFault({ knowledge, target }: Session, id: ProcessorId): ProcessorFault | undefined {
  const vendor = MAKERS[id.vendor];
  const days = (valueOf(target.uptimeSeconds) ?? 0) / DAY;
  const fault = knowledge.cpuFaults.find(
    (one) =>
      one.vendor === vendor &&
      one.family === id.family &&
      one.model === id.model &&
      (one.stepping ?? id.stepping) === id.stepping &&
      days >= (one.afterDays ?? 0),
  );
  if (!fault || !vendor) return undefined;
  const { fixedBy } = fault;
  const corrected = fixedBy !== undefined && id.microcode !== undefined && id.microcode >= fixedBy;
  return { fault, model: `${vendor} ${knowledge.cpuModel(vendor, id.family, id.model) ?? 'processor'}`, corrected };
}
