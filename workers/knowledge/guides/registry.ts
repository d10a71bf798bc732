/** Commands that ask for, set and take back one value of the registry, for both shells. */
import type { Role, Section } from './guide.ts';

export interface RegistryValue {
  /** Below HKEY_LOCAL_MACHINE, without it: "SYSTEM\\CurrentControlSet\\Control\\CrashControl". */
  readonly key: string;
  readonly name: string;
  readonly type: 'REG_DWORD' | 'REG_SZ' | 'REG_EXPAND_SZ';
  readonly data: string;
}

const POWERSHELL_TYPES: Readonly<Record<RegistryValue['type'], string>> = { REG_DWORD: 'DWord', REG_SZ: 'String', REG_EXPAND_SZ: 'ExpandString' };

const cmdKey = (key: string): string => `"HKLM\\${key}"`;
const psKey = (key: string): string => `'HKLM:\\${key}'`;
/** Single quotes keep `%…%` and `$` as they stand. */
const psData = ({ type, data }: RegistryValue): string => (type === 'REG_DWORD' ? data : `'${data}'`);
/**
 * At the prompt `%NAME%` is replaced even between quotes. `^%NAME^%` outside them is not: no variable is called `NAME^`. Blanks get
 * quotes of their own, which the program joins again.
 */
const cmdData = ({ type, data }: RegistryValue): string => {
  if (type === 'REG_DWORD') return data;
  return data.includes('%') ? data.replaceAll('%', '^%').replaceAll(' ', '" "') : `"${data}"`;
};

export interface Lines {
  readonly cmd: readonly string[];
  readonly powershell: readonly string[];
}

export function queryLines(values: readonly RegistryValue[]): Lines {
  const keys = [...new Set(values.map(({ key }) => key))];
  return {
    cmd: keys.map((key) => `reg query ${cmdKey(key)}`),
    powershell: keys.map((key) => `Get-ItemProperty -Path ${psKey(key)} -ErrorAction SilentlyContinue`),
  };
}

export function setLines(values: readonly RegistryValue[]): Lines {
  const keys = [...new Set(values.map(({ key }) => key))];
  return {
    cmd: values.map((value) => `reg add ${cmdKey(value.key)} /v ${value.name} /t ${value.type} /d ${cmdData(value)} /f`),
    powershell: [
      // The key is made only where it is missing: New-Item -Force would empty one that is there.
      ...keys.map((key) => `if (!(Test-Path ${psKey(key)})) { New-Item -Path ${psKey(key)} -Force }`),
      ...values.map((value) => `Set-ItemProperty -Path ${psKey(value.key)} -Name ${value.name} -Type ${POWERSHELL_TYPES[value.type]} -Value ${psData(value)}`),
    ],
  };
}

function removeKeyLines(values: readonly RegistryValue[]): Lines {
  const keys = [...new Set(values.map(({ key }) => key))];
  return {
    cmd: keys.map((key) => `reg delete ${cmdKey(key)} /f`),
    powershell: keys.map((key) => `Remove-Item -Path ${psKey(key)} -Recurse -ErrorAction SilentlyContinue`),
  };
}

/** Takes values away that were not there before. */
function removeLines(values: readonly Pick<RegistryValue, 'key' | 'name'>[]): Lines {
  return {
    cmd: values.map(({ key, name }) => `reg delete ${cmdKey(key)} /v ${name} /f`),
    powershell: values.map(({ key, name }) => `Remove-ItemProperty -Path ${psKey(key)} -Name ${name} -ErrorAction SilentlyContinue`),
  };
}

const together = (...lines: readonly Lines[]): Lines => ({ cmd: lines.flatMap(({ cmd }) => cmd), powershell: lines.flatMap(({ powershell }) => powershell) });

/** What only PowerShell knows, for both shells: wmic.exe is no part of Windows 11 from 24H2 on (Windows' list of deprecated features). */
export const throughPowershell = (...lines: readonly string[]): Lines => ({
  cmd: lines.map((line) => `powershell -NoProfile -Command "${line}"`),
  powershell: lines,
});

export function commands(role: Role, title: string, lines: Lines, says?: string): Section {
  return { kind: 'commands', role, title, ...(says === undefined ? {} : { says }), ...lines };
}

export interface Change {
  readonly set: readonly RegistryValue[];
  /** Values to put back; those not named here are taken away again. */
  readonly before: readonly RegistryValue[];
  /** True where the key itself switches something on, so that it must go with its values. */
  readonly wholeKey?: boolean;
  readonly says: string;
  readonly undoSays: string;
}

/** The four blocks of one change: look, change, look again, take back. */
export function changeSections({ set, before, wholeKey = false, says, undoSays }: Change): readonly Section[] {
  const kept = new Set(before.map(({ key, name }) => `${key}/${name}`));
  const added = set.filter(({ key, name }) => !kept.has(`${key}/${name}`));
  return [
    commands('query', 'How it is now', queryLines(set), 'Note what stands there; a value that is missing is Windows’ default.'),
    commands('change', 'Change it', setLines(set), says),
    commands('verify', 'Check it', queryLines(set), 'The values must read as set above.'),
    commands('undo', 'Take it back', together(setLines(before), wholeKey ? removeKeyLines(added) : removeLines(added)), undoSays),
  ];
}
