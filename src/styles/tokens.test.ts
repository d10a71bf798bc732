import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

/** WCAG 2.2, relative luminance and contrast ratio. */
function luminance(colour: string): number {
  const parts = [1, 3, 5].map((at) => {
    const share = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * (parts[0] ?? 0) + 0.7152 * (parts[1] ?? 0) + 0.0722 * (parts[2] ?? 0);
}
function contrast(a: string, b: string): number {
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
}

const css = readFileSync(new URL('./tokens.css', import.meta.url), 'utf8');
const tokens = new Map(
  [...css.matchAll(/--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)/g)].map(([, name = '', light = '', dark = '']) => [name, [light, dark] as const]),
);
const value = (name: string, theme: 0 | 1): string => {
  const pair = tokens.get(name);
  if (!pair) throw new Error(`no token ${name}`);
  return pair[theme];
};
const GROUNDS = ['page', 'surface', 'sunken', 'raised', 'hover', 'selected'];

describe.each([
  ['light', 0],
  ['dark', 1],
] as const)('colours, %s', (_name, theme) => {
  it('know themselves', () => {
    expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 5);
    expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.478, 2);
  });
  it.each(['ink', 'ink-2'])('text in %s has 4.5:1 on every ground', (ink) => {
    for (const ground of GROUNDS) expect(contrast(value(ink, theme), value(ground, theme)), ground).toBeGreaterThanOrEqual(4.5);
  });
  it.each(['ink-3', 'link', 'for', 'against', 'warn', 'fault'])('text in %s has 4.5:1 where it stands', (ink) => {
    for (const ground of ['page', 'surface', 'sunken', 'raised']) expect(contrast(value(ink, theme), value(ground, theme)), ground).toBeGreaterThanOrEqual(4.5);
  });
  it('marks and borders of fields have 3:1', () => {
    for (const mark of ['line-strong', 'accent'])
      for (const ground of ['page', 'surface', 'raised'])
        expect(contrast(value(mark, theme), value(ground, theme)), `${mark} on ${ground}`).toBeGreaterThanOrEqual(3);
    expect(contrast(value('on-accent', theme), value('accent', theme))).toBeGreaterThanOrEqual(4.5);
    for (const soft of ['warn-soft', 'bad-soft', 'good-soft']) expect(contrast(value('ink', theme), value(soft, theme)), soft).toBeGreaterThanOrEqual(4.5);
    expect(contrast(value('ink', theme), value('mark', theme))).toBeGreaterThanOrEqual(4.5);
  });
});
