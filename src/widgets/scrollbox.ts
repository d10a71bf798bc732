/** What a box that scrolls by itself needs, so that the keyboard reaches it (WCAG 2.1.1): a stop, a role and a name. */
export const scrollBox = (label: string) => ({ tabindex: 0, role: 'group', 'aria-label': label }) as const;
