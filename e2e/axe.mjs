import axe from '@axe-core/playwright';

const AxeBuilder = axe.default ?? axe;

/** What axe finds on the page as it stands, a line each. */
export async function violations(page, where) {
  const { violations: found } = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
    .setLegacyMode(true)
    .analyze();
  return found.map(({ id, nodes }) => `${where}: ${id} (${nodes.length}) ${nodes[0]?.target} ${nodes[0]?.failureSummary?.split('\n')[1] ?? ''}`);
}
