/** What the first bytes of an answer say it is. */
export type Sniffed = 'msf' | 'old-pdb' | 'portable-pdb' | 'pe' | 'cab' | 'sym' | 'partial' | 'html' | 'empty' | 'other';

const MAGIC: readonly { readonly text: string; readonly is: Sniffed }[] = [
  { text: 'Microsoft C/C++ MSF 7.00\r\n', is: 'msf' },
  { text: 'Microsoft MSFZ Container\r\n', is: 'msf' },
  { text: 'Microsoft C/C++ program database 2.00\r\n', is: 'old-pdb' },
  { text: 'BSJB', is: 'portable-pdb' },
  { text: 'MSCF', is: 'cab' },
  { text: 'MODULE ', is: 'sym' },
  { text: 'FLPART1\0', is: 'partial' },
  { text: 'MZ', is: 'pe' },
];

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.subarray(0, 64));
}

export function sniff(first: Uint8Array): Sniffed {
  if (first.length === 0) return 'empty';
  const text = latin1(first);
  const hit = MAGIC.find((magic) => text.startsWith(magic.text));
  if (hit) return hit.is;
  return /^(\u00ef\u00bb\u00bf)?\s*<(!doctype|html|head|body|\?xml|script)/i.test(text) ? 'html' : 'other';
}
