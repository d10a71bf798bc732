/** The Web Lock by which a page keeps the folder of what it unpacked. */
export const lockName = (visit: string): string => `unpacked-${visit}`;
