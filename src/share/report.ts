/** A report that is one file: no script, nothing fetched, readable in any browser. */
import { s } from '../text/share.ts';
import { outlineOf, type Section } from './outline.ts';
import type { Summary } from './summary.ts';

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escape = (text: string): string => text.replace(/[&<>"']/g, (char) => ENTITIES[char] ?? char);

const STYLE =
  ':root{color-scheme:light dark}body{max-width:46rem;margin:2rem auto;padding:0 1rem;font:15px/1.5 system-ui,sans-serif}h1{font-size:1.6rem;line-height:1.2}h2{font-size:1rem;margin:1.6rem 0 .4rem}dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem;margin:0}dt{opacity:.7}dd{margin:0;overflow-wrap:anywhere}pre{overflow-x:auto;font:13px/1.5 ui-monospace,Consolas,monospace}footer{margin-top:2rem;opacity:.7}';

function section(part: Section): string {
  if (part.form === 'facts')
    return `<dl>${part.lines.map((line, index) => `<dt>${escape(part.labels?.[index] ?? '')}</dt><dd>${escape(line)}</dd>`).join('')}</dl>`;
  const body =
    part.form === 'code'
      ? `<pre>${part.lines.map(escape).join('\n')}</pre>`
      : `<${part.form === 'numbered' ? 'ol' : 'ul'}>${part.lines.map((line) => `<li>${escape(line)}</li>`).join('')}</${part.form === 'numbered' ? 'ol' : 'ul'}>`;
  return `<h2>${escape(part.title)}</h2>${body}`;
}

export function toHtml(summary: Summary): string {
  const outline = outlineOf(summary);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"><meta name="referrer" content="no-referrer">
<title>${escape(outline.headline)}</title><style>${STYLE}</style></head><body>
<h1>${escape(outline.headline)}</h1>
${outline.sections.map(section).join('\n')}
<footer>${escape(s.labels.made)}</footer>
</body></html>
`;
}
