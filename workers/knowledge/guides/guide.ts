/**
 * Guides: what to set on the computer that crashes, with the exact commands. A guide is data: fields to fill in, and a pure
 * function that makes the sections from them and from what is known of the open dump.
 */
export type GuideGroup = 'next-dump' | 'drivers' | 'programs' | 'lessons';

export type Field =
  | {
      readonly kind: 'choice';
      readonly id: string;
      readonly label: string;
      readonly options: readonly (readonly [value: string, label: string])[];
      readonly initial: string;
    }
  | { readonly kind: 'check'; readonly id: string; readonly label: string; readonly initial: boolean; readonly note?: string }
  | { readonly kind: 'number'; readonly id: string; readonly label: string; readonly initial: number; readonly min: number; readonly max: number }
  | { readonly kind: 'text'; readonly id: string; readonly label: string; readonly initial: string; readonly placeholder: string };

/** What a person filled in: a choice's value, 'on' or '' for a check, digits, text. */
export type Values = Readonly<Record<string, string>>;

export interface LoadedDriver {
  readonly file: string;
  /** Null where no table names a maker. */
  readonly vendor: string | null;
  /** Its link stamp cannot be a date: a reproducible build's, as Windows' own drivers are. */
  readonly hashed: boolean;
}
/** What guides take from the open dump. */
export interface KnownDump {
  readonly fileName: string;
  /** "Small memory dump", as the page words it. */
  readonly kindWords: string;
  readonly program: boolean;
  /** The program that crashed, where it is a program's dump. */
  readonly executable: string | null;
  /** The first sentence of the verdict. */
  readonly headline: string | null;
  /** Drivers that the verdict gives reason to watch. */
  readonly suspects: readonly string[];
  readonly drivers: readonly LoadedDriver[];
}

/** What a block of commands is for. */
export type Role = 'query' | 'change' | 'verify' | 'undo' | 'recover';

export type Section =
  | { readonly kind: 'text'; readonly title?: string; readonly lines: readonly string[] }
  | { readonly kind: 'warning'; readonly title: string; readonly lines: readonly string[] }
  | { readonly kind: 'steps'; readonly title: string; readonly lines: readonly string[] }
  | { readonly kind: 'table'; readonly title: string; readonly columns: readonly string[]; readonly rows: readonly (readonly string[])[] }
  | {
      readonly kind: 'commands';
      readonly role: Role;
      readonly title: string;
      readonly says?: string;
      /** For a command prompt, and for PowerShell; both as administrator unless `anyone`. */
      readonly cmd: readonly string[];
      readonly powershell: readonly string[];
      readonly anyone?: boolean;
    };

export interface Guide {
  readonly id: string;
  readonly group: GuideGroup;
  readonly title: string;
  readonly lead: string;
  readonly fields: readonly Field[];
  build(values: Values, dump: KnownDump | null): readonly Section[];
  /** Where the facts stand in public, with the date of that text. */
  readonly sources: readonly string[];
}

/** The values with which a guide begins. */
export function initialValues(guide: Guide): Values {
  return Object.fromEntries(
    guide.fields.map((field) => [
      field.id,
      field.kind === 'check' ? (field.initial ? 'on' : '') : field.kind === 'number' ? String(field.initial) : field.initial,
    ]),
  );
}

/** A number that was filled in, inside its bounds; the initial one where it is none. */
export function numberOf(guide: Pick<Guide, 'fields'>, values: Values, id: string): number {
  const field = guide.fields.find((one) => one.id === id);
  if (field?.kind !== 'number') return 0;
  const value = Number(values[id]);
  return Number.isFinite(value) && values[id] !== '' ? Math.round(Math.min(field.max, Math.max(field.min, value))) : field.initial;
}

/** A file name that may stand in a command: anything else could change what the command does. */
export function safeFile(name: string): string | undefined {
  const file = name.trim().replace(/^.*[\\/]/, '');
  return /^[\w][\w.() +-]{0,62}$/.test(file) && !/[()\s]/.test(file) ? file : undefined;
}
