/** Checks of data that came from outside: a new value is made of what is known, and nothing of the old one is kept. */
export type Check<T> = (value: unknown) => T | undefined;

/** Control characters and marks that turn the direction of text may disguise what is read. */
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/;
const ALL_UNSEEN = new RegExp(UNSEEN, 'g');

/** Such marks made visible, and a length that `text` lets pass. */
export const legible = (value: string, most: number): string => value.slice(0, most).replace(ALL_UNSEEN, '\ufffd');

export const text =
  (most: number): Check<string> =>
  (value) =>
    typeof value === 'string' && value.length <= most && !UNSEEN.test(value) ? value : undefined;

/** A whole number from 0 up that a double holds exactly. */
export const count: Check<number> = (value) => (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined);
export const flag: Check<boolean> = (value) => (typeof value === 'boolean' ? value : undefined);

export const oneOf =
  <T extends string>(...words: readonly T[]): Check<T> =>
  (value) =>
    words.find((word) => word === value);

export const list =
  <T>(item: Check<T>, most: number): Check<readonly T[]> =>
  (value) => {
    if (!Array.isArray(value) || value.length > most) return undefined;
    const made = value.map(item);
    return made.some((one) => one === undefined) ? undefined : (made as T[]);
  };

/** The first check that holds. */
export const either =
  <A, B>(a: Check<A>, b: Check<B>): Check<A | B> =>
  (value) =>
    a(value) ?? b(value);

/** An object of exactly these fields; those in `optional` may be absent. */
export const record =
  <T>(fields: { readonly [K in keyof T]-?: Check<Exclude<T[K], undefined>> }, optional: readonly (keyof T)[] = []): Check<T> =>
  (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    const given = value as Record<string, unknown>;
    if (Object.keys(given).some((key) => !Object.hasOwn(fields, key))) return undefined;
    const made: Partial<T> = {};
    for (const key of Object.keys(fields) as (keyof T & string)[]) {
      if (!Object.hasOwn(given, key)) {
        if (optional.includes(key)) continue;
        return undefined;
      }
      const checked = fields[key](given[key]);
      if (checked === undefined) return undefined;
      made[key] = checked;
    }
    return made as T;
  };
