/** Things that have the same key, put together. */
export interface Tally<K, T> {
  readonly key: K;
  readonly items: readonly T[];
}

export function collect<K, T>(groups: Map<K, T[]>, key: K, item: T): void {
  const known = groups.get(key);
  if (known) known.push(item);
  else groups.set(key, [item]);
}

/** By key, the most frequent first; items without a key are left out. */
export function tally<T, K>(items: readonly T[], keyOf: (item: T) => K | undefined): Tally<K, T>[] {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    if (key !== undefined) collect(groups, key, item);
  }
  return [...groups].map(([key, members]) => ({ key, items: members })).sort((a, b) => b.items.length - a.items.length);
}
