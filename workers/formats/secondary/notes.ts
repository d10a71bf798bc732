/**
 * What plug and play, winlogon and code integrity last noted: `!blackboxpnp`, `!blackboxwinlogon`. Field names are those of WinDbg's outputs in public
 * reports; offsets as the public debugger ntoseye reads them and as ten and fourteen real dumps of 19041 to 26100 hold them.
 */
import { type Found, found, missing, notValid, thenFound } from '../../base/found.ts';
import { guid, i32, readStructAt, struct, u16, u32, u64, u8, viewOf } from '../../bytes/struct.ts';
import { fixedUtf16 } from '../minidump/text.ts';

const SOURCE = 'ntoseye, blackbox.rs';
const PNP = struct('PnP black box', 0x2c, SOURCE, {
  activityId: guid(0),
  activityTime: u64(0x10),
  eventInformation: i32(0x18),
  eventInProgress: u8(0x1c),
  problemCode: u32(0x20),
  vetoType: i32(0x24),
  vetoAt: u32(0x28),
});

export interface PnpNote {
  readonly activityId: string;
  /** FILETIME. */
  readonly activityTime: bigint;
  readonly eventInformation: number;
  readonly eventInProgress: boolean;
  /** CM_PROB_* (cfg.h); 24: the device is not there. */
  readonly problemCode: number;
  readonly vetoType: number;
  /** A device instance path: a serial number may stand in it. */
  readonly deviceId: string;
  readonly vetoText: string;
}

export function readPnpNote(data: Uint8Array): Found<PnpNote> {
  return thenFound(readStructAt(PNP, data, 0), ({ vetoAt, eventInProgress, ...fields }) =>
    found({
      ...fields,
      eventInProgress: eventInProgress !== 0,
      deviceId: fixedUtf16(data.subarray(PNP.size)),
      vetoText: vetoAt >= PNP.size && vetoAt < data.length ? fixedUtf16(data.subarray(vetoAt)) : '',
    }),
  );
}

/** An id that says what a device is and not which one: of the maker and the product, or of ACPI. */
const OF_PRODUCT = /^(?:FUNC_[0-9A-F]+&)?(?:VID|VEN)_[0-9A-F]{4}(?:&|$)|^[A-Z]{3,4}[0-9A-F]{4}$/i;

/** "USB\\VID_413C&PID_2107": the bus, and the product where the path tells it. The rest may hold serial numbers, addresses and names. */
export function kindOfDevice(path: string): string {
  const [bus = '', product = ''] = path.split('\\');
  const plain = (word: string): string => word.replace(/[^\w&.-]/g, '…').slice(0, 64);
  return OF_PRODUCT.test(product) ? `${plain(bus)}\\${plain(product)}` : plain(bus);
}

const WINLOGON = struct('winlogon black box', 0xc, SOURCE, { version: u32(0), size: u32(4), pending: i32(8) });

export interface WinlogonNote {
  readonly operation: string;
  readonly pending: boolean;
}

export function readWinlogonNote(data: Uint8Array): Found<WinlogonNote> {
  return thenFound(readStructAt(WINLOGON, data, 0), ({ version, size, pending }) =>
    version === 1 && size === data.length
      ? found({ operation: fixedUtf16(data.subarray(WINLOGON.size)), pending: pending !== 0 })
      : notValid('winlogon black box', `version ${version}, ${size} bytes`, `version 1, ${data.length} bytes`),
  );
}

/**
 * By content: size and version, then from 0x18 a FILETIME and from 0x38 the NTSTATUS of the last file that was refused; its path is the
 * last 0x100 bytes, the length in front of it. Sixteen real dumps hold it, four of them with a file; without one the path is leftovers.
 */
const INTEGRITY = struct('code integrity black box', 0x3c, 'content', { size: u16(0), version: u16(2), time: u64(0x18), status: u32(0x38) });
const PATH_SIZE = 0x100;

export interface IntegrityNote {
  /** FILETIME. */
  readonly time: bigint;
  readonly status: number;
  /** NT path of the file; cut where it is long. */
  readonly path: string;
}

export function readIntegrityNote(data: Uint8Array): Found<IntegrityNote> {
  return thenFound(readStructAt(INTEGRITY, data, 0), ({ size, version, time, status }) => {
    const pathAt = size - PATH_SIZE;
    if (size !== data.length || pathAt < INTEGRITY.size + 2)
      return notValid('code integrity black box', `version ${version}, size ${size}`, `${data.length} bytes`);
    if (time === 0n || status === 0) return missing({ why: 'stream-absent', stream: 'a file that code integrity refused' });
    const length = Math.min(viewOf(data).getUint16(pathAt - 2, true), PATH_SIZE);
    return found({ time, status, path: fixedUtf16(data.subarray(pathAt, pathAt + length)) });
  });
}
