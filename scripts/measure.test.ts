import { describe, expect, it } from 'vitest';
import { measure } from './measure.mjs';

const none = { any: 0, nonNull: 0, longFunctions: 0, longFiles: 0, disables: 0 };

describe('what the ratchet counts', () => {
  it('is nothing in plain code, nor in words that look like it', () => {
    expect(measure('a.ts', "// any! any\nexport const any = 'any'; if (!any || any !== '') console.log(any);")).toEqual(none);
  });
  it('finds any, the exclamation mark and switched-off checks', () => {
    expect(measure('a.ts', 'const a: any = b!.c!; // eslint-disable-line\n// @ts-expect-error')).toEqual({ ...none, any: 1, nonNull: 2, disables: 2 });
    expect(measure('a.svelte', '<script lang="ts">let x = y!;</script>\n<!-- svelte-ignore a11y -->\n<p>any!</p>')).toEqual({
      ...none,
      nonNull: 1,
      disables: 1,
    });
  });
  it('counts long functions and files by their lines of code, but not in tests', () => {
    const body = (lines: number): string => `function f() {\n${'  // a remark\n\n  g();\n'.repeat(lines)}}\n`;
    expect(measure('a.ts', body(58))).toEqual(none);
    expect(measure('a.ts', body(59))).toEqual({ ...none, longFunctions: 1 });
    expect(measure('a.ts', body(500))).toEqual({ ...none, longFunctions: 1, longFiles: 1 });
    expect(measure('a.test.ts', body(500), { test: true })).toEqual(none);
  });
});
