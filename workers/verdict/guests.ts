/** The virtual machine that Windows ran in, by drivers that only a guest loads. */
import type { Target } from '../target/target.ts';
import { imageOf } from './actors.ts';

interface Guest {
  readonly name: string;
  readonly drivers: RegExp;
  /** As WinDbg writes it, which names these alone. */
  readonly windbg?: string;
}

/**
 * vmbus.sys is none: a host that runs Hyper-V itself loads it too; nor are vmci.sys and vmx86.sys, which hosts of VMware load, and
 * vmgencounter.sys, which guests of several makers do.
 */
const GUESTS: readonly Guest[] = [
  { name: 'Hyper-V', windbg: 'HyperV', drivers: /^(hyperkbd|hypervideo|storvsc|netvsc)\.sys$/i },
  { name: 'VirtualBox', windbg: 'VirtualBox', drivers: /^(vboxguest|vboxsf|vboxmouse|vboxwddm|vboxvideo)\.sys$/i },
  { name: 'VMware', windbg: 'VMware', drivers: /^(vm3dmp|vm3dmp_loader|vmhgfs|vmmemctl|vmmouse|vmusbmouse|vmxnet3\w*|pvscsi)\.sys$/i },
  { name: 'KVM or QEMU', drivers: /^(vioscsi|viostor|netkvm|vioser|balloon|viorng)\.sys$/i },
  { name: 'Xen', drivers: /^(xenbus|xenvbd|xennet|xen)\.sys$/i },
  { name: 'Parallels', drivers: /^prl_\w+\.sys$/i },
];

interface Of {
  readonly target: Pick<Target, 'modules'>;
}

/** How many of a guest's drivers are loaded, in the table's order; those with none are left out. */
function guestsOf({ target }: Of): readonly (readonly [guest: Guest, drivers: number])[] {
  const names = target.modules.modules.map(imageOf);
  return GUESTS.flatMap((guest) => {
    const count = names.filter((name) => guest.drivers.test(name)).length;
    return count === 0 ? [] : [[guest, count] as const];
  });
}

/** One driver of Hyper-V's may be left over on a host; two are not. */
export const virtualMachine = (of: Of): string | undefined => guestsOf(of).find(([{ name }, drivers]) => name !== 'Hyper-V' || drivers >= 2)?.[0].name;

/** Under WinDbg's name, which takes one driver for enough. */
export const machineInWindbg = (of: Of): string | undefined => guestsOf(of).find(([{ windbg }]) => windbg !== undefined)?.[0].windbg;
