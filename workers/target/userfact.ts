import { type Found, found } from '../base/found.ts';
import type { Fact } from './target.ts';

export type Privacy = Fact['privacy'];

/** Makes a fact; a plain text stands for a value that is there. */
export const fact = (group: string, name: string, value: Found<string> | string, privacy: Privacy): Fact => ({
  group,
  name,
  value: typeof value === 'string' ? found(value) : value,
  privacy,
});
