/** Counts what the ratchet holds down, in one source file (design: names and size). Read by TypeScript's own parser. */
import ts from 'typescript';

export const MAX_FILE_LINES = 400;
export const MAX_FUNCTION_LINES = 60;

/** Of a Svelte file the scripts count; its markup and styles are no code of ours to measure. */
function scriptOf(name, text) {
  return name.endsWith('.svelte') ? [...text.matchAll(/<script[^>]*>([\s\S]*?)<\/script>/g)].map((match) => match[1]).join('\n') : text;
}

/** Lines with code on them: neither blank nor comment alone. */
function codeLines(text) {
  const blank = (comment) => comment.replace(/[^\n]/g, ' ');
  return text
    .replace(/^[ \t]*\/\*[\s\S]*?\*\//gm, blank)
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.trim().startsWith('//')).length;
}

/** How often each exception stands in the file. Long files and functions are no exceptions in tests and builders. */
export function measure(name, text, { test = false } = {}) {
  const script = scriptOf(name, text);
  const file = ts.createSourceFile(name, script, ts.ScriptTarget.Latest, false, ts.ScriptKind.TS);
  const counts = { any: 0, nonNull: 0, longFunctions: 0 };
  const visit = (node) => {
    if (node.kind === ts.SyntaxKind.AnyKeyword) counts.any += 1;
    if (node.kind === ts.SyntaxKind.NonNullExpression) counts.nonNull += 1;
    if (!test && ts.isFunctionLike(node) && codeLines(script.slice(node.pos, node.end)) > MAX_FUNCTION_LINES) counts.longFunctions += 1;
    ts.forEachChild(node, visit);
  };
  visit(file);
  return {
    ...counts,
    longFiles: !test && codeLines(script) > MAX_FILE_LINES ? 1 : 0,
    disables: (text.match(/eslint-disable|@ts-(?:ignore|expect-error|nocheck)|svelte-ignore|prettier-ignore/g) ?? []).length,
  };
}
