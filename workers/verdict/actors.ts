/** Who stands on the stack, and who may be blamed for it. */
import { hex } from '../base/hex.ts';
import type { DriverEntry, Knowledge } from '../knowledge/knowledge.ts';
import type { Module } from '../modules/module.ts';
import type { Session } from '../target/target.ts';
import type { Frame, Trust } from '../unwind/frame.ts';

export interface Actor {
  readonly index: number;
  readonly frame: Frame;
  readonly module: Module;
  readonly offset: bigint;
  readonly driver?: DriverEntry;
  /** Not made by Microsoft, as far as the tables know. */
  readonly thirdParty: boolean;
  /** Its place is proved by more than a stray word on the stack. */
  readonly trusted: boolean;
}

const TRUSTED: ReadonlySet<Trust> = new Set<Trust>(['context', 'unwind-info', 'frame-pointer', 'scan-call-checked', 'given']);
/** The kernel itself, under the names that dumps give it. */
const KERNEL_NAMES = /^(nt|hal|ntoskrnl|ntkrnlmp|ntkrnlpa|ntkrpamp|win32k|win32kbase|win32kfull)(\.(exe|dll|sys))?$/i;
/** nt and hal: the frames of the stop itself. */
export const isKernelImage = (module: Module): boolean => /^(nt|hal|ntoskrnl|ntkrnlmp|ntkrnlpa|ntkrpamp)$/i.test(module.name);

const bare = (module: Module): string => module.imageName.replace(/^.*[\\/]/, '');
export const imageOf = (module: Module): string => bare(module);

export function isThirdParty(module: Module, session: Session): boolean {
  if (session.target.kind === 'user') return isThirdPartyUser(module, session);
  const driver = session.knowledge.driver(bare(module));
  return !(driver?.microsoft ?? KERNEL_NAMES.test(bare(module)));
}

/** User mode: Windows' own folders, and the names of its runtime; the program itself counts as third party. */
function isThirdPartyUser(module: Module, session: Session): boolean {
  const path = module.path.toLowerCase().replaceAll('/', '\\');
  if (/\\windows\\(system32|syswow64|winsxs|system)\\/.test(path) && !/\\driverstore\\/.test(path)) {
    const known = session.knowledge.userModule(bare(module));
    return known !== undefined && known.vendor !== 'Microsoft';
  }
  if (/^\/(usr\/)?lib(32|64)?\/|^\/system\/library\//i.test(module.path)) return false;
  return !/^(ntdll|kernel32|kernelbase|user32|win32u|gdi32|gdi32full|ucrtbase|msvcrt|msvcp\d+|vcruntime\d+(_1)?|combase|rpcrt4|ole32|linux-gate\.so|ld-linux[^/]*|libc[.-][^/]*|libpthread[^/]*)(\.dll)?$/i.test(
    bare(module),
  );
}

export function findActors(session: Session, frames: readonly Frame[]): Actor[] {
  return frames.flatMap((frame, index): Actor[] => {
    const { place } = frame;
    if (!place) return [];
    const driver = session.knowledge.driver(bare(place.module));
    return [
      {
        index,
        frame,
        module: place.module,
        offset: BigInt(place.rva),
        ...(driver ? { driver } : {}),
        thirdParty: isThirdParty(place.module, session),
        trusted: TRUSTED.has(frame.trust),
      },
    ];
  });
}

/** Third-party modules on the stack, innermost first, each once, plain stack-scan hits left out. */
export function findSuspects(actors: readonly Actor[]): Actor[] {
  const seen = new Set<string>();
  return actors.filter((actor) => {
    const name = actor.module.imageName.toLowerCase();
    if (!actor.thirdParty || !actor.trusted || seen.has(name)) return false;
    seen.add(name);
    return true;
  });
}

/** A frame that a return address with a call before it speaks for, and nothing more. */
export const isScanned = (actor: Actor): boolean => actor.frame.trust === 'scan-call-checked' || actor.frame.trust === 'scan';

/** What the tables say of a file name; believed, where nothing but the name speaks for it. */
export function knownAs(image: string, knowledge: Knowledge): { readonly words: string; readonly believed: boolean } | undefined {
  const driver = knowledge.driver(image);
  const entry = driver ?? knowledge.userModule(image);
  const words = [entry?.vendor, entry?.product].filter((part) => part !== undefined && part !== '').join(', ');
  return words === '' ? undefined : { words, believed: driver?.believed ?? true };
}

/** "nvlddmkm.sys (NVIDIA, display driver)". */
export function who(image: string, knowledge: Knowledge): string {
  const known = knownAs(image, knowledge);
  return known ? `${image} (${known.words})` : image;
}

/** Drivers that do what the firmware's tables tell them. */
const FIRMWARE_FACING = /^(acpi|acpiex|amdppm|intelppm|processr|intelpep|acpitime|acpipagr|tpm|msgpiowin32|msgpioclx|pep|fxppm)\.sys$/i;
export const isFirmwareFacing = (module: Module): boolean => FIRMWARE_FACING.test(bare(module));

const GRAPHICS = /^(nvlddmkm|atikmdag|atikmpag|amdkmdag|igdkmd\w*|igfx\w*|qcdxkm\w*|vboxwddm|vm3dmp\w*|basicdisplay)\.sys$/i;
export const isGraphics = (image: string): boolean => GRAPHICS.test(image);

export const placeWords = (actor: Pick<Actor, 'module' | 'offset' | 'frame'>): string => {
  const { symbol } = actor.frame;
  return symbol.ok ? `${actor.module.name}!${symbol.value.name}+${hex(symbol.value.displacement)}` : `${bare(actor.module)}+${hex(actor.offset)}`;
};
