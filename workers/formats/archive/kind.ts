/** What a file is by its first bytes: archives and dumps. */

export type ArchiveKind = 'zip' | 'gzip' | '7z' | 'rar' | 'cab' | 'xz' | 'zstd' | 'bzip2';
export type DumpSignature = 'MDMP' | 'PAGEDU64' | 'PAGEDUMP';

const ARCHIVES: readonly (readonly [kind: ArchiveKind, signature: readonly number[]])[] = [
  ['zip', [0x50, 0x4b, 3, 4]],
  ['zip', [0x50, 0x4b, 5, 6]],
  ['zip', [0x50, 0x4b, 7, 8]],
  ['gzip', [0x1f, 0x8b]],
  ['7z', [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c]],
  ['rar', [0x52, 0x61, 0x72, 0x21, 0x1a, 7]],
  ['cab', [0x4d, 0x53, 0x43, 0x46, 0, 0, 0, 0]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['bzip2', [0x42, 0x5a, 0x68]],
];
const DUMPS: readonly (readonly [kind: DumpSignature, signature: readonly number[]])[] = (['MDMP', 'PAGEDU64', 'PAGEDUMP'] as const).map((kind) => [
  kind,
  [...kind].map((letter) => letter.charCodeAt(0)),
]);

/** Bytes enough to tell every kind. */
export const HEAD_BYTES = 16;

const begins = (head: Uint8Array, signature: readonly number[]): boolean =>
  head.length >= signature.length && signature.every((byte, index) => head[index] === byte);

export function archiveKind(head: Uint8Array): ArchiveKind | undefined {
  return ARCHIVES.find(([, signature]) => begins(head, signature))?.[0];
}

export function dumpSignature(head: Uint8Array): DumpSignature | undefined {
  return DUMPS.find(([, signature]) => begins(head, signature))?.[0];
}
