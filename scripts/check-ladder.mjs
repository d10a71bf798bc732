/**
 * Checks the ladder. `node scripts/check-ladder.mjs` reads the tree; with `--plant` it writes faults into a copy of the
 * tree's shape, one a rule, and fails unless every one is caught: proof that the check can fail.
 */
import { cruise } from 'dependency-cruiser';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LADDER, rules } from './ladder.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

async function violations(baseDir) {
  const result = await cruise(
    ['src', 'workers'],
    {
      baseDir,
      ruleSet: { forbidden: rules() },
      validate: true,
      tsPreCompilationDeps: true,
      tsConfig: { fileName: join(baseDir, 'tsconfig.json') },
      doNotFollow: { path: 'node_modules' },
      enhancedResolveOptions: { extensions: ['.ts', '.svelte', '.js', '.mjs', '.json'] },
    },
    undefined,
    { tsConfig: undefined },
  );
  return { list: result.output.summary.violations, modules: result.output.modules.length };
}

/** [file, its text, the rule that must catch it] */
const FAULTS = [
  ...LADDER.slice(0, -1).map((name, index) => [`workers/${name}/planted.ts`, `import '../${LADDER[index + 1]}/target.ts';\n`, `ladder-${name}`]),
  ['workers/api/planted.ts', "import '../entry/target.ts';\n", 'ladder-api'],
  ['workers/unwind/planted-ui.ts', "import '../../src/app/target.ts';\n", 'engine-not-to-ui'],
  ['workers/commands/planted-io.ts', "import 'comlink';\n", 'engine-no-io'],
  ['workers/bytes/planted-node.ts', "import 'node:fs';\n", 'engine-no-node'],
  ['src/views/planted.ts', "import type { x } from '../../workers/formats/target.ts';\nexport type y = typeof x;\n", 'ui-types-of-api-only'],
  ['src/views/planted-run.ts', "import '../../workers/api/target.ts';\n", 'ui-no-runtime-engine'],
  ['src/views/Planted.svelte', '<script lang="ts">import \'../../workers/api/target.ts\';</script>\n', 'ui-no-runtime-engine'],
  ['workers/target/planted-build.ts', "import '../testing/build/target.ts';\n", 'builders-for-tests-only'],
  ['workers/testing/build/planted.ts', "import '../../formats/target.ts';\n", 'builders-not-parsers'],
  ['workers/testing/faults/planted.ts', "import '../../verdict/target.ts';\n", 'builders-not-parsers'],
  ['workers/base/planted-cycle.ts', "import './planted-cycle2.ts';\n", 'no-cycles'],
];

function plant(baseDir) {
  const put = (file, text) => {
    mkdirSync(dirname(join(baseDir, file)), { recursive: true });
    writeFileSync(join(baseDir, file), text);
  };
  for (const name of [...LADDER, 'entry', 'testing/build']) put(`workers/${name}/target.ts`, 'export const x = 1;\n');
  put('src/app/target.ts', 'export const x = 1;\n');
  put('workers/base/planted-cycle2.ts', "import './planted-cycle.ts';\n");
  put('tsconfig.json', readFileSync(join(root, 'tsconfig.json'), 'utf8'));
  put('package.json', readFileSync(join(root, 'package.json'), 'utf8'));
  for (const [file, text] of FAULTS) put(file, text);
  symlinkSync(join(root, 'node_modules'), join(baseDir, 'node_modules'), 'dir');
}

async function checkPlanted() {
  const baseDir = mkdtempSync(join(tmpdir(), 'ladder-'));
  try {
    plant(baseDir);
    const { list } = await violations(baseDir);
    const missed = FAULTS.filter(([file, , rule]) => !list.some((found) => found.from === file && found.rule.name === rule));
    for (const [file, , rule] of missed) console.error(`not caught: ${file} by ${rule}`);
    console.log(`ladder: ${FAULTS.length - missed.length} of ${FAULTS.length} planted faults caught`);
    return missed.length === 0;
  } finally {
    rmSync(baseDir, { recursive: true, force: true });
  }
}

async function checkTree() {
  const { list, modules } = await violations(root);
  for (const found of list) console.error(`${found.rule.name}: ${found.from} -> ${found.to}`);
  console.log(`ladder: ${modules} modules, ${list.length} violations`);
  return list.length === 0 && modules > 0;
}

process.chdir(root);
const good = process.argv.includes('--plant') ? await checkPlanted() : await checkTree();
process.exit(good ? 0 : 1);
