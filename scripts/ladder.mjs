/**
 * The ladder (ARCHITECTURE.md): each rung may import itself and what stands below it in this list, nothing else.
 * One array makes the dependency-cruiser rules; nothing is written twice.
 */
export const LADDER = [
  'base',
  'bytes',
  'formats',
  'memory',
  'modules',
  'code',
  'symbols',
  'types',
  'unwind',
  'knowledge',
  'target',
  'expr',
  'verdict',
  'commands',
  'api',
];

const TESTS = '\\.test\\.ts$';
const folder = (name) => `^workers/${name}/`;
const alternatives = (names) => `^workers/(${names.join('|')})/`;

function upward(name, index) {
  const above = [...LADDER.slice(index + 1), 'entry', 'worlds'];
  return {
    name: `ladder-${name}`,
    severity: 'error',
    comment: `${name} may import itself and the rungs below it`,
    from: { path: folder(name), pathNot: TESTS },
    to: { path: `${alternatives(above)}|^(src|scripts|bench|e2e)/` },
  };
}

const others = [
  {
    name: 'engine-not-to-ui',
    severity: 'error',
    comment: 'the engine knows no page and no build script',
    from: { path: '^workers/', pathNot: TESTS },
    to: { path: '^(src|scripts|bench|e2e)/' },
  },
  {
    name: 'engine-no-io',
    severity: 'error',
    comment: 'rungs 0 to api do no input or output: no Node modules, no Comlink, no IndexedDB',
    from: { path: alternatives(LADDER), pathNot: TESTS },
    to: { path: 'node_modules/(comlink|idb-keyval|workbox)' },
  },
  {
    name: 'engine-no-node',
    severity: 'error',
    comment: 'rungs 0 to api run in a browser worker',
    from: { path: alternatives(LADDER), pathNot: TESTS },
    to: { dependencyTypes: ['core'] },
  },
  {
    name: 'ui-types-of-api-only',
    severity: 'error',
    comment: 'the page takes types of the api; only src/engine imports it at run time',
    from: { path: '^src/', pathNot: `^src/engine/|${TESTS}` },
    to: { path: '^workers/', pathNot: '^workers/(api|base|commands|target|unwind|verdict)/' },
  },
  {
    name: 'ui-no-runtime-engine',
    severity: 'error',
    comment: 'a run-time import of the engine belongs to src/engine',
    from: { path: '^src/', pathNot: `^src/engine/|${TESTS}` },
    to: { path: '^workers/', dependencyTypesNot: ['type-only'] },
  },
  {
    name: 'builders-for-tests-only',
    severity: 'error',
    comment: 'builders are imported by tests, scripts and benches only, and do not know the parsers',
    from: { path: '^(src|workers)/', pathNot: `^workers/testing/|${TESTS}` },
    to: { path: '^workers/testing/' },
  },
  {
    name: 'builders-not-parsers',
    severity: 'error',
    comment: 'a builder that shares a layout with the parser, or knows the rules, proves nothing',
    from: { path: '^workers/testing/(build|faults)/', pathNot: TESTS },
    to: { path: '^workers/', pathNot: '^workers/(testing/(build|faults)|base)/' },
  },
  { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } } },
];

/** Debts: imports that break a rule and are known. The list may only become shorter. */
export const DEBTS = [];

/** The rule set for dependency-cruiser. */
export function rules() {
  return [...LADDER.map(upward), ...others];
}
