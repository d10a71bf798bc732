/**
 * The parts of a FAILURE_BUCKET_ID, as WinDbg writes them: `[LKD_][X64_]0x<CODE>[_<first argument>…]_<module>!<function>`, `AV_<module>!<function>`,
 * `…_IMAGE_<file>`. What a part says follows from texts of WinDbg that people published; the rules themselves are not documented.
 */
export interface BucketParts {
  /** Of a live dump: the machine went on. */
  readonly live: boolean;
  /** Driver Verifier was on. */
  readonly verifier: boolean;
  readonly code?: number;
  /** The first argument, where the bucket holds it. */
  readonly first?: bigint;
  readonly status?: number;
  /** Of a power request that was kept (0x9F/3): the driver that kept it. `module` is the driver of the device then. */
  readonly holder?: string;
  /** Of a process that Windows cannot do without (0xEF): which one ended. */
  readonly process?: string;
  readonly module?: string;
  readonly function?: string;
}

/** Problem, code, file and function of an application: "INVALID_POINTER_READ_AVRF_c0000005_FreeImaged.dll!FreeImage_HasPixels". */
const APPLICATION = /^[A-Z][\w.]{2,120}_([0-9a-f]{8})_([^!]{1,60})!(.{1,120})$/;
/** No block's owner is known: the program stands where the function would. */
const OF_THE_HEAP = 'heap_corruption';
/** Stops that have a name instead of a number. */
const NAMED: readonly (readonly [RegExp, number | undefined])[] = [
  [/^CLOCK_WATCHDOG_TIMEOUT_(?:INVALID_CONTEXT_|[0-9a-f]{1,3}_PROC_)?/, 0x101],
  [/^MEMORY_CORRUPTION_[A-Z_]+$/, undefined],
];
const PLAIN_ACCESS = /^AV_(?:VRF_)?(?:CODE_AV_[A-Z]+_IP_|[RWX]_(?:INVALID_|\(null\)_)?)?(?:VRF_)?/;
const NUMBERED = /^0x([0-9a-f]{1,8})(?:_([0-9a-f]{1,8})(?=_|$))?_?/i;
/** Codes whose second part is the status of an exception, and those where it is the first argument. */
const WITH_STATUS: ReadonlySet<number> = new Set([0x1e, 0x3b, 0x7e, 0x8e, 0x5a]);
/** What stands between the number and the module, by code: who died and who ended it, the rule that was violated. */
const BETWEEN: Readonly<Record<number, RegExp>> = {
  0xef: /^.{1,60}_BUGCHECK_CRITICAL_PROCESS_(?:TERMINATED_BY_.{1,60}?\.exe_)?(?:[0-9a-f]{1,8}_)?/,
  0xc4: /^\w{1,60}_XDV_/,
};
/** Its first argument is written in decimal. */
const DECIMAL = 0x124;
/** 0x133 has its first argument in words. */
const DPC_KINDS: Readonly<Record<string, bigint>> = { DPC: 0n, ISR: 1n };

/** `nvlddmkm_IMAGE_pci.sys`, `POWER_DOWN_RtsPer_IMAGE_pci.sys`: the part before the file is the driver that kept the request. */
function holderIn(code: number, rest: string): Pick<BucketParts, 'holder'> {
  const holder = code === 0x9f ? /^(?:VRF_)?(?:POWER_(?:DOWN|UP)_)?([\w.+-]{1,60}?)(?:_DEV_\w{1,40})?_IMAGE_/.exec(rest)?.[1] : undefined;
  return holder === undefined || /^(?:[A-Z]+_)+[A-Z]+$/.test(holder) ? {} : { holder };
}

/** `0xEF_svchost.exe_BUGCHECK_CRITICAL_PROCESS_…`. */
function processIn(code: number, rest: string): Pick<BucketParts, 'process'> {
  const process = code === 0xef ? /^([\w.+-]{1,60}?\.exe)_/i.exec(rest)?.[1] : undefined;
  return process === undefined ? {} : { process };
}

/** `…_IMAGE_pci.sys` or `…nvlddmkm!unknown_function`, read from the end. */
function blamed(text: string): Pick<BucketParts, 'module' | 'function'> {
  // Behind the file of a display driver may stand the generation of the card: "…IMAGE_nvlddmkm.sys_Ada".
  const image = (/(?:^|_)IMAGE_([\w.+-]{1,60}\.(?:sys|dll|exe))_[A-Z][A-Za-z0-9]{0,20}$/i.exec(text) ?? /(?:^|_)IMAGE_([\w.+-]{1,60})$/.exec(text))?.[1];
  if (image !== undefined) return { module: image };
  const bang = text.lastIndexOf('!');
  if (bang <= 0) return {};
  // Names of modules may hold underscores; what stands before them in capitals belongs to the kind of stop.
  const before = text.slice(0, bang).replace(/^(?:[A-Z0-9]+_)+(?=[A-Za-z0-9])/, '');
  const name = text.slice(bang + 1, bang + 121);
  return { ...(before === '' ? {} : { module: before.slice(-60) }), ...(/^unknown/i.test(name) ? {} : { function: name }) };
}

function ofApplication(body: string): BucketParts | undefined {
  const [, code, file = '', name = ''] = APPLICATION.exec(body) ?? [];
  if (code === undefined) return undefined;
  const module = file === OF_THE_HEAP ? name : file;
  const known = file !== OF_THE_HEAP && !/^unknown/i.test(name);
  return { live: false, verifier: false, status: Number.parseInt(code, 16), module, ...(known ? { function: name } : {}) };
}

function ofNamed(body: string, flags: Pick<BucketParts, 'live' | 'verifier'>): BucketParts | undefined {
  for (const [pattern, code] of NAMED) {
    const head = pattern.exec(body)?.[0];
    if (head !== undefined) return { ...flags, ...(code === undefined ? {} : { code }), ...blamed(body.slice(head.length)) };
  }
  return undefined;
}

/** Where argument 1 stands behind the number, unless a status does. */
function firstOf(code: number, second: string | undefined, rest: string): bigint | undefined {
  if (second === undefined) return DPC_KINDS[code === 0x133 ? rest.slice(0, 3) : ''];
  return BigInt(code === DECIMAL && /^\d+$/.test(second) ? second : `0x${second}`);
}

export function readBucket(text: string): BucketParts | undefined {
  const live = /^LKD_/.test(text);
  const body = text.replace(/^LKD_/, '').replace(/^X64_/, '');
  const verifier = /(?:^|_)VRF_/.test(body);
  const access = PLAIN_ACCESS.exec(body)?.[0];
  if (access !== undefined) return body.includes('!') || body.includes('_IMAGE_') ? { live, verifier, ...blamed(body.slice(access.length)) } : undefined;
  const numbered = NUMBERED.exec(body);
  return numbered ? ofNumbered(numbered, { live, verifier }) : (ofNamed(body, { live, verifier }) ?? ofApplication(body));
}

function ofNumbered(numbered: RegExpExecArray, flags: Pick<BucketParts, 'live' | 'verifier'>): BucketParts | undefined {
  const body = numbered.input;
  if (!/[!_]/.test(body)) return undefined;
  const [head, digits = '', second] = numbered;
  const code = Number.parseInt(digits, 16);
  const rest = body.slice(head.length);
  const asStatus = WITH_STATUS.has(code) && second !== undefined && second.length === 8;
  const first = asStatus ? undefined : firstOf(code, second, rest);
  return {
    ...flags,
    code,
    ...(first === undefined ? {} : { first }),
    ...(asStatus ? { status: Number.parseInt(second, 16) } : {}),
    ...holderIn(code, rest),
    ...processIn(code, rest),
    ...blamed(rest.replace(BETWEEN[code] ?? /^/, '').replace(/^(?:VRF_)/, '')),
  };
}
