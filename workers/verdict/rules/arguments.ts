/** What an argument of the stop leads to: a device, a name, code. */
import { va, vaAdd } from '../../base/address.ts';
import { hex } from '../../base/hex.ts';
import { readUnicode } from '../../modules/loadedlist.ts';
import { imageOf, isThirdParty } from '../actors.ts';
import type { Case } from '../case.ts';
import { type DeviceOwner, deviceStack, ownerOfDevice } from '../devicestack.ts';
import type { Finding } from '../finding.ts';
import { text } from '../words.ts';

type Index = 1 | 2 | 3 | 4;

/** Whose device object the argument is; says so where the dump holds something else there. */
export function showDeviceOwner(c: Case, f: Finding, index: Index): DeviceOwner | undefined {
  const device = c.params[index - 1] ?? 0n;
  const owner = ownerOfDevice(c, device);
  const slots = { index: String(index), device: hex(device) };
  if (owner) f.show(text('e-device-owner', { ...slots, who: c.who(owner.image) }), `dps ${hex(owner.from)} L1`, { weighs: 'for', how: 'derived' });
  else if (c.target.memory.u16(va(device)).ok) f.oppose('a-no-device', slots);
  return owner;
}

/** The drivers of the device of argument 2, from the bus driver up. */
export function showDeviceStack(c: Case, f: Finding): readonly DeviceOwner[] {
  const device = c.params[1];
  const stack = deviceStack(c, device);
  if (stack.length > 0) {
    const names = stack.map((owner) => owner.image).join(', ');
    f.show(text('e-device-stack', { device: hex(device), names }), `dps ${hex(device + 8n)} L1`, { weighs: 'context', how: 'derived' });
  }
  return stack;
}

export interface NamedCode {
  readonly image: string;
  /** "bad.sys+0x1230". */
  readonly place: string;
}

/** The driver, not of Windows, in whose code an address lies; it is the finding's place where there is none yet. */
export function codeOf(c: Case, f: Finding, at: bigint): NamedCode | undefined {
  const found = c.target.modules.find(va(at));
  if (!found || !isThirdParty(found.module, c.session)) return undefined;
  const image = imageOf(found.module);
  f.place ??= { module: image, offset: BigInt(found.rva) };
  return { image, place: `${image}+${hex(found.rva)}` };
}

/** The argument is a routine or a return address. */
export function showCode(c: Case, f: Finding, index: Index, weighs: 'decides' | 'for' | 'context' = 'decides'): NamedCode | undefined {
  const value = c.params[index - 1] ?? 0n;
  const code = codeOf(c, f, value);
  if (!code) return undefined;
  const { image, place } = code;
  f.show(text('e-owner-tag', { who: c.who(image), index: String(index), value: hex(value), place }), `ln ${hex(value)}`, { weighs });
  return code;
}

const MAX_NAME = 128;

export interface NamedDriver {
  /** As the loaded module is called, else as it stands there. */
  readonly image: string;
  /** Loaded, and not of Windows. */
  readonly thirdParty: boolean;
}

/** The driver that the argument names: characters stand there, or a UNICODE_STRING. */
export function showNamedDriver(c: Case, f: Finding, index: Index): NamedDriver | undefined {
  const { memory } = c.target;
  const at = va(c.params[index - 1] ?? 0n);
  const length = memory.u16(at);
  const buffer = memory.pointer(vaAdd(at, memory.pointerSize));
  const counted = length.ok && buffer.ok ? readUnicode(memory, length.value, buffer.value) : undefined;
  const { bytes, got } = memory.read(at, MAX_NAME);
  const plain = new TextDecoder('utf-16le').decode(bytes.subarray(0, got & ~1)).split('\0')[0] ?? '';
  const name = [plain, counted?.ok ? counted.value : ''].find((words) => /^[\w.\\-]+\.sys$/i.test(words))?.replace(/^.*\\/, '');
  if (name === undefined) return undefined;
  const module = c.target.modules.byName(name);
  const image = module ? imageOf(module) : name;
  const thirdParty = module !== undefined && isThirdParty(module, c.session);
  const weighs = module && !thirdParty ? 'context' : 'decides';
  f.show(text('e-owner-tag', { who: c.who(image), index: String(index), value: hex(at), place: image }), `du ${hex(at)}`, { weighs });
  return { image, thirdParty };
}
