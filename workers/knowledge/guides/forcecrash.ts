/**
 * A computer that hangs can be made to write a dump. Keyboards: windows-driver-docs, debugger/forcing-a-system-crash-from-the-keyboard (2025-11-04; PS/2 from
 * Windows 2000, USB from Vista, Hyper-V from 10 1903; table of keys). Power button: forcing-a-system-crash-with-the-power-button (2020-10-12; 10 1809 and later).
 */
import type { Guide, Section, Values } from './guide.ts';
import { type RegistryValue, changeSections, commands } from './registry.ts';

const SERVICES = 'SYSTEM\\CurrentControlSet\\Services';
export const KEYBOARDS: readonly (readonly [id: string, label: string, service: string])[] = [
  ['ps2', 'PS/2 keyboard, and the built-in one of many laptops', 'i8042prt'],
  ['usb', 'USB keyboard', 'kbdhid'],
  ['hyperv', 'keyboard of a Hyper-V guest', 'hyperkbd'],
];
/** Dump1Keys: bits of the key that is held. */
const HELD: readonly (readonly [value: string, label: string])[] = [
  ['2', 'right Ctrl'],
  ['32', 'left Ctrl'],
  ['1', 'right Shift'],
  ['16', 'left Shift'],
  ['4', 'right Alt'],
  ['64', 'left Alt'],
];
/** Dump2Key: index of the key in the driver's table of scan codes; 125 is Scroll Lock (0x46) there, 61 the space bar (0x39). */
const PRESSED: readonly (readonly [value: string, label: string])[] = [
  ['scroll', 'Scroll Lock (Windows’ own)'],
  ['61', 'space bar'],
  ['110', 'Esc'],
  ['120', 'F9'],
  ['123', 'F12'],
  ['16', 'Tab'],
];

const chosen = (values: Values): readonly string[] => KEYBOARDS.filter(([id]) => values[id] === 'on').map(([, , service]) => service);

/** Windows' own keys need one switch; others need the keys, and that switch off. */
export function keyboardValues(values: Values): readonly RegistryValue[] {
  const own = values['pressed'] === 'scroll' && values['held'] === '2';
  return chosen(values).flatMap((service): readonly RegistryValue[] => {
    const on: RegistryValue = { key: `${SERVICES}\\${service}\\Parameters`, name: 'CrashOnCtrlScroll', type: 'REG_DWORD', data: own ? '1' : '0' };
    if (own) return [on];
    const key = `${SERVICES}\\${service}\\crashdump`;
    const pressed = values['pressed'] === 'scroll' ? '125' : (values['pressed'] ?? '');
    return [on, { key, name: 'Dump1Keys', type: 'REG_DWORD', data: values['held'] ?? '2' }, { key, name: 'Dump2Key', type: 'REG_DWORD', data: pressed }];
  });
}

const POWER: RegistryValue = { key: 'SYSTEM\\CurrentControlSet\\Control\\Power', name: 'PowerButtonBugcheck', type: 'REG_DWORD', data: '1' };
const NMI: RegistryValue = { key: 'SYSTEM\\CurrentControlSet\\Control\\CrashControl', name: 'NMICrashDump', type: 'REG_DWORD', data: '1' };

function keysText(values: Values): string {
  const held = HELD.find(([value]) => value === values['held'])?.[1] ?? 'right Ctrl';
  const pressed = PRESSED.find(([value]) => value === values['pressed'])?.[1].replace(' (Windows’ own)', '') ?? 'Scroll Lock';
  return `When it hangs: hold ${held} and press ${pressed} twice. Windows stops with 0xE2 and writes its dump.`;
}

const OTHER_WAYS: Section = {
  kind: 'text',
  title: 'Other ways',
  lines: [
    'It still answers: no crash is needed. Task Manager, Details, right-click System, “Create live kernel memory dump file” (Windows 11, from 22621.1992).',
    'A test that it works: NotMyFault of Sysinternals stops Windows on purpose.',
    'A guest of Hyper-V, from its host, in PowerShell: Debug-VM -Name GUEST -InjectNonMaskableInterrupt -Force.',
    'It does not work where Windows hangs with interrupts switched off: then only an NMI or the power button helps.',
  ],
};

export const FORCE_CRASH: Guide = {
  id: 'force-crash',
  group: 'next-dump',
  title: 'It hangs: make Windows write a dump',
  lead: 'A computer that hangs leaves no dump. With this set before, a key press or the power button stops it, and the dump shows what hung.',
  fields: [
    ...KEYBOARDS.map(([id, label]) => ({ kind: 'check' as const, id, label, initial: true })),
    { kind: 'choice', id: 'held', label: 'Key to hold', options: HELD, initial: '2' },
    { kind: 'choice', id: 'pressed', label: 'Key to press twice', options: PRESSED, initial: 'scroll' },
    {
      kind: 'check',
      id: 'power',
      label: 'Also: power button held for 7 seconds',
      initial: false,
      note: 'needs a button and firmware made for it, as in tablets and newer laptops',
    },
    { kind: 'check', id: 'nmi', label: 'Also: NMI (server button, management card)', initial: false },
  ],
  build: (values) => {
    const set = [...keyboardValues(values), ...(values['power'] === 'on' ? [POWER] : []), ...(values['nmi'] === 'on' ? [NMI] : [])];
    return [
      {
        kind: 'warning',
        title: 'What is not saved is lost',
        lines: ['The stop is real. Save your work where you still can, and first set the dump type (guide “A better dump”).'],
      },
      ...(set.length === 0 ? [] : changeSections({ set, before: [], says: 'Restart once: the drivers read it at their start.', undoSays: 'Then restart.' })),
      {
        kind: 'text',
        title: 'Use it',
        lines: [
          keysText(values),
          ...(values['power'] === 'on'
            ? ['Power button: hold it for 7 seconds and let go before 10, when the firmware cuts the power. The stop is 0x1C8.']
            : []),
          'Open the dump here: the page shows what each processor did and which threads wait.',
        ],
      },
      commands('verify', 'After the restart: see that a dump was written', {
        cmd: ['dir C:\\Windows\\MEMORY.DMP C:\\Windows\\Minidump'],
        powershell: ['Get-Item C:\\Windows\\MEMORY.DMP, C:\\Windows\\Minidump\\*.dmp'],
      }),
      OTHER_WAYS,
    ];
  },
  sources: [
    'windows-driver-docs, debugger/forcing-a-system-crash-from-the-keyboard (2025-11-04) and forcing-a-system-crash-with-the-power-button (2020-10-12)',
  ],
};
