/** Which published table stands for which builds of the kernel. */
import { corpusBytes, corpusJson } from '../../workers/testing/node/corpus.ts';
import { type Isf, typesOfIsf } from './isf.ts';
import type { KernelTypes } from './model.ts';
import { typesOfHeader } from './vergilius.ts';
import { WIN11_VERSION, win11Types } from './win11.ts';

export type LayoutArch = 'x64' | 'x86';

/** Tables of one kernel; `to` above `from` where later releases have the same kernel and add packages alone. */
export interface BuildSource {
  readonly arch: LayoutArch;
  readonly from: number;
  readonly to: number;
  /** Keys of tables in types/isf_jpcert with their file versions. */
  readonly isf: readonly (readonly [version: string, key: string])[];
  /** Versions of headers in types/vergilius. */
  readonly headers: readonly string[];
}

const row = (arch: LayoutArch, builds: readonly [number, number], isf: BuildSource['isf'], headers: readonly string[]): BuildSource => ({
  arch,
  from: builds[0],
  to: builds[1],
  isf,
  headers,
});

export const BUILD_SOURCES: readonly BuildSource[] = [
  row('x64', [3790, 3790], [], ['5.2.3790.3959']),
  row('x64', [6001, 6001], [], ['6.0.6001.18000']),
  row('x64', [6002, 6003], [], ['6.0.6002.18005']),
  row('x64', [7601, 7601], [['6.1.7601.24540', '339E74133576439CBCDF7E0229DA3773']], []),
  row('x64', [9200, 9200], [], ['6.2.9200.16384']),
  row('x64', [9600, 9600], [['6.3.9600.21620', '169C65213E3E42DDBEB4E3AC66312B82']], ['6.3.9600.16384']),
  row('x64', [10240, 10240], [], ['10.0.10240.16384']),
  row('x64', [14393, 14393], [['10.0.14393.4583', '517E128F7B7C4EA79491DE6B9B9CE190']], []),
  row('x64', [15063, 15063], [], ['10.0.15063.0']),
  row('x64', [16299, 16299], [], ['10.0.16299.15']),
  row('x64', [17763, 17763], [['10.0.17763.5933', '1806D020A6E46538D7AC3325FAC114D8']], ['10.0.17763.107']),
  row(
    'x64',
    [18362, 18363],
    [
      ['10.0.18362.30', '35A038B1F6E2E8CAF642111E6EC66F57'],
      ['10.0.18362.535', '616A94E33A4827B451B0E19C14C03792'],
    ],
    ['10.0.18362.418'],
  ),
  row(
    'x64',
    [19041, 19045],
    [
      ['10.0.19041.3448', '79BE8C368BEC7DD9677EA9B355ACE784'],
      ['10.0.19041.804', '5278AFF86C341677D7D7835C85B7B844'],
      ['10.0.19041.329', 'BBED7C2955FBE4522AAA23F4B8677AD9'],
    ],
    ['10.0.19041.264', '10.0.19041.508', '10.0.19041.928', '10.0.19045.2965'],
  ),
  row('x64', [20348, 20348], [['10.0.20348.1547', '62EE22A5A171B889C5B859E3F87F7074']], []),
  row('x64', [22000, 22000], [['10.0.22000.2538', '0CE4A95C0CD782A7596B034D8648E585']], ['10.0.22000.194']),
  row('x64', [22621, 22631], [], ['10.0.22621.382', '10.0.22631.2428']),
  row('x64', [26100, 26200], [], []),
  row('x86', [2600, 2600], [], ['5.1.2600.5512']),
  row('x86', [6000, 6000], [], ['6.0.6000.16386']),
  row('x86', [6001, 6003], [], ['6.0.6001.18000']),
  row('x86', [7600, 7601], [], ['6.1.7600.16385', '6.1.7601.17514']),
  row('x86', [9200, 9200], [], ['6.2.9200.16384']),
  row('x86', [9600, 9600], [], ['6.3.9600.16384', '6.3.9600.17415']),
  row('x86', [10240, 10240], [], ['10.0.10240.16384']),
  row('x86', [10586, 10586], [], ['10.0.10586.0']),
  row('x86', [14393, 14393], [], ['10.0.14393.0']),
  row('x86', [16299, 16299], [], ['10.0.16299.15']),
  row('x86', [17134, 17134], [], ['10.0.17134.1']),
  row('x86', [17763, 17763], [], ['10.0.17763.107']),
  row('x86', [18362, 18363], [], ['10.0.18362.1']),
  row('x86', [19041, 19045], [], ['10.0.19041.264', '10.0.19041.508', '10.0.19041.1288']),
];

export interface Table {
  readonly version: string;
  readonly types: KernelTypes;
}

export function readIsf([version, key]: readonly [string, string]): Table {
  return { version, types: typesOfIsf(corpusJson<Isf>(`symbols/types/isf_jpcert/ntkrnlmp.pdb/${key}-1.json`)) };
}
export function readHeader(arch: LayoutArch, version: string): Table {
  const text = new TextDecoder().decode(corpusBytes(`symbols/types/vergilius/bindings-${version}-${arch}.h`));
  return { version, types: typesOfHeader(text, arch === 'x86' ? 4 : 8) };
}

/** All tables of a kernel, the one that its layouts are taken from first. */
export function readTables(source: BuildSource): readonly Table[] {
  if (source.from === 26100) return [{ version: WIN11_VERSION, types: win11Types(readHeader('x64', '10.0.22631.2428').types) }];
  return [...source.isf.map(readIsf), ...source.headers.map((version) => readHeader(source.arch, version))];
}
