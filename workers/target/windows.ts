/** Names of Windows by build (learn.microsoft.com, "Windows release information"; endoflife.date). */
import { type Found, found, missing } from '../base/found.ts';

type Row = readonly [build: number, client: string | undefined, server: string | undefined];

const BUILDS: readonly Row[] = [
  [2600, 'Windows XP', undefined],
  [3790, 'Windows XP x64', 'Windows Server 2003'],
  [6000, 'Windows Vista', undefined],
  [6001, 'Windows Vista SP1', 'Windows Server 2008'],
  [6002, 'Windows Vista SP2', 'Windows Server 2008 SP2'],
  [6003, undefined, 'Windows Server 2008 SP2'],
  [7600, 'Windows 7', 'Windows Server 2008 R2'],
  [7601, 'Windows 7 SP1', 'Windows Server 2008 R2 SP1'],
  [9200, 'Windows 8', 'Windows Server 2012'],
  [9600, 'Windows 8.1', 'Windows Server 2012 R2'],
  [10240, 'Windows 10 1507', undefined],
  [10586, 'Windows 10 1511', undefined],
  [14393, 'Windows 10 1607', 'Windows Server 2016'],
  [15063, 'Windows 10 1703', undefined],
  [16299, 'Windows 10 1709', 'Windows Server 1709'],
  [17134, 'Windows 10 1803', 'Windows Server 1803'],
  [17763, 'Windows 10 1809', 'Windows Server 2019'],
  // From here on several releases share one kernel: the header's build names the first of them.
  [18362, 'Windows 10 1903 or 1909', 'Windows Server 1903 or 1909'],
  [18363, 'Windows 10 1909', 'Windows Server 1909'],
  [19041, 'Windows 10 2004 to 22H2', 'Windows Server 2004 or 20H2'],
  [19042, 'Windows 10 20H2', 'Windows Server 20H2'],
  [19043, 'Windows 10 21H1', undefined],
  [19044, 'Windows 10 21H2', undefined],
  [19045, 'Windows 10 22H2', undefined],
  [20348, undefined, 'Windows Server 2022'],
  [22000, 'Windows 11 21H2', undefined],
  [22621, 'Windows 11 22H2 or 23H2', undefined],
  [22631, 'Windows 11 23H2', undefined],
  [25398, undefined, 'Windows Server, version 23H2'],
  [26100, 'Windows 11 24H2 or 25H2', 'Windows Server 2025'],
  [26200, 'Windows 11 25H2', undefined],
  [28000, 'Windows 11 26H1', undefined],
];

/** winnt.h VER_NT_*. */
const PRODUCT_TYPES: Readonly<Record<number, string>> = { 1: 'workstation', 2: 'domain controller', 3: 'server' };

export function productTypeName(productType: number): Found<string> {
  const name = PRODUCT_TYPES[productType];
  return name ? found(name) : missing({ why: 'not-valid', what: 'ProductType', got: String(productType), wanted: '1, 2 or 3' });
}

/** `productType`: VER_NT_WORKSTATION 1, others are servers; undefined where the dump does not say. */
export function windowsName(build: number, productType: number | undefined): Found<string> {
  const row = BUILDS.find(([known]) => known === build);
  if (!row) return missing({ why: 'unknown-layout', type: 'name of the Windows version', build: String(build) });
  const [, client, server] = row;
  const name = productType === undefined ? (client ?? server) : productType === 1 ? (client ?? server) : (server ?? client);
  return name === undefined ? missing({ why: 'unknown-layout', type: 'name of the Windows version', build: String(build) }) : found(name);
}
