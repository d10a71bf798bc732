import { createContext } from 'svelte';
import type { Dump } from '../engine/dump.svelte.ts';

/** The dump that a view draws; set by the workbench, which is made anew for each dump. */
export const [getDump, setDump] = createContext<Dump>();
