/**
 * What in a dump is somebody's own, found in the bytes of the file and not by the readers under test: accounts, computer names,
 * environment, serial numbers of SMBIOS structures. For tests that no share holds any of it.
 */
export interface Secret {
  readonly kind: 'account' | 'computer' | 'environment' | 'serial';
  readonly text: string;
}

/** Accounts that every Windows has, and words that are no names. */
const NOBODY = new Set([
  'public',
  'default',
  'all users',
  'default user',
  'user',
  'users',
  'local service',
  'network service',
  'nt authority',
  'system',
  'root',
]);

const ACCOUNTS = /(?:[\\/](?:Users|Documents and Settings)|\/home)[\\/]([A-Za-z0-9][A-Za-z0-9._' -]{2,30}?)(?=[\\/\0"]|$)/gi;
const COMPUTERS = /\b(?:COMPUTERNAME|USERDOMAIN|HOSTNAME|LOGONSERVER|USERDNSDOMAIN)=\\{0,2}([A-Za-z0-9._-]{3,60})/g;
const USERS = /\b(?:USERNAME|LOGNAME|USER)=([A-Za-z0-9][A-Za-z0-9._ -]{2,40})/g;
const ENVIRONMENT = /(?:^|\0)([A-Za-z_][A-Za-z0-9_()]{2,40}=[\x20-\x7e]{6,200})(?=\0)/g;

/** The file's text, as bytes and as UTF-16 at even and at odd offsets. */
function readings(bytes: Uint8Array): string[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return [
    buffer.toString('latin1'),
    buffer.subarray(0, buffer.length & ~1).toString('utf16le'),
    buffer.subarray(1, 1 + ((buffer.length - 1) & ~1)).toString('utf16le'),
  ];
}

export function findSecrets(bytes: Uint8Array): Secret[] {
  const found = new Map<string, Secret>();
  const add = (kind: Secret['kind'], text: string): void => {
    const clean = text.trim();
    if (clean.length >= 3 && !NOBODY.has(clean.toLowerCase())) found.set(`${kind} ${clean.toLowerCase()}`, { kind, text: clean });
  };
  for (const text of readings(bytes)) {
    for (const hit of text.matchAll(ACCOUNTS)) add('account', hit[1] ?? '');
    for (const hit of text.matchAll(USERS)) add('account', hit[1] ?? '');
    for (const hit of text.matchAll(COMPUTERS)) add('computer', hit[1] ?? '');
    for (const hit of text.matchAll(ENVIRONMENT)) add('environment', hit[1] ?? '');
  }
  for (const serial of findSerials(bytes)) add('serial', serial);
  return [...found.values()];
}

/**
 * Serial numbers and asset tags of SMBIOS structures (DMTF DSP0134): type → length of the structure as written by firmware and the
 * places of the indices into its strings. A structure is taken for one where its strings are text and end in two zeros.
 */
const SMBIOS: Readonly<Record<number, { readonly least: number; readonly most: number; readonly at: readonly number[] }>> = {
  1: { least: 0x19, most: 0x1b, at: [0x07, 0x19] },
  2: { least: 0x0e, most: 0x11, at: [0x07, 0x08] },
  3: { least: 0x11, most: 0x1a, at: [0x07, 0x08] },
  4: { least: 0x28, most: 0x36, at: [0x20, 0x21] },
  17: { least: 0x1b, most: 0x64, at: [0x18, 0x19] },
};

function findSerials(bytes: Uint8Array): string[] {
  const found: string[] = [];
  for (let at = 0; at + 8 < bytes.length; at++) {
    const layout = SMBIOS[bytes[at] ?? 0];
    const length = bytes[at + 1] ?? 0;
    if (!layout || length < layout.least || length > layout.most) continue;
    const strings = stringsAt(bytes, at + length);
    if (strings.length < 2) continue;
    for (const place of layout.at) {
      const text = place < length ? strings[(bytes[at + place] ?? 0) - 1] : undefined;
      if (text && text.trim().length >= 5) found.push(text);
    }
  }
  return found;
}

/** The strings that follow a structure; none where they are no text. */
function stringsAt(bytes: Uint8Array, from: number): string[] {
  const strings: string[] = [];
  let start = from;
  for (let at = from; at < Math.min(bytes.length, from + 1024); at++) {
    const byte = bytes[at] ?? 0;
    if (byte === 0) {
      if (at === start) return strings;
      strings.push(Buffer.from(bytes.subarray(start, at)).toString('latin1'));
      start = at + 1;
    } else if (byte < 0x20 || byte > 0x7e) return [];
  }
  return [];
}

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Which of the words stand in the text, as words of their own. */
export function leaksOf(text: string, words: readonly string[]): string[] {
  return words.filter((word) => new RegExp(`(?<![A-Za-z0-9])${escape(word)}(?![A-Za-z0-9])`, 'i').test(text));
}

/** Runs of 16 and more bytes written as hex digits in the text that stand in the file. */
export function memoryRuns(text: string, bytes: Uint8Array): string[] {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return [...text.matchAll(/(?:[0-9a-f]{2}[ \-`:,]?){16,}/gi)]
    .map((hit) => hit[0])
    .filter((run) => file.includes(Buffer.from(run.replace(/[^0-9a-f]/gi, '').slice(0, 32), 'hex')));
}
