/** What a console command is, and what it answers with: nodes, never strings (design §4). */
import type { Va } from '../base/address.ts';
import type { MissingReason } from '../base/found.ts';
import type { Job } from '../base/job.ts';
import type { Reply } from '../base/problem.ts';
import type { FolderState } from '../symbols/service/folders.ts';
import type { PathKind } from '../symbols/service/sympath.ts';
import type { Session } from '../target/target.ts';

/** Inline pieces of a line. */
export type Span =
  | { readonly span: 'text'; readonly text: string; readonly strong?: boolean; /** What the text means, for who asks. */ readonly gloss?: string }
  | { readonly span: 'address'; readonly at: Va; readonly text: string }
  | { readonly span: 'module'; readonly name: string; readonly text: string }
  | { readonly span: 'command'; readonly line: string; readonly text: string }
  | { readonly span: 'missing'; readonly reason: MissingReason; readonly text: string };

export type OutputNode =
  /** A line of the text, exactly as WinDbg lays it out when its spans' texts are joined. */
  { readonly node: 'line'; readonly spans: readonly Span[] } | { readonly node: 'note'; readonly spans: readonly Span[] };

export type Capability = 'kernel' | 'user' | 'bugcheck' | 'exception' | 'context' | 'memory' | 'modules' | 'threads' | 'stack' | 'symbols' | 'x64' | 'time';

export interface ArgSpec {
  readonly name: string;
  readonly kind: 'expression' | 'range' | 'pattern' | 'text' | 'flags' | 'register';
  readonly optional: boolean;
  readonly summary: string;
}

/** What a command may ask for beyond the session: set by the api rung. */
export interface CommandContext {
  readonly session: Session;
  readonly specs: readonly CommandSpec[];
  /** The symbol path and its answers, for .sympath, !sym and .reload. */
  readonly symbolControl: SymbolControl;
}

export interface SymbolControl {
  path(of: PathKind): string;
  setPath(of: PathKind, path: string): Reply<string>;
  /** Of a folder that a path names. */
  folderState(path: string): FolderState;
  noisy(): boolean;
  setNoisy(on: boolean): void;
  /** Lines of what was probed, oldest first, with the server's answer. */
  log(): readonly string[];
  /** Asks for modules; the answer arrives later, state by state. Modules by WinDbg name; empty = all. */
  request(modules: readonly string[], force: boolean): void;
}

/** `tail` is the line after the name, untrimmed but for one blank; `typed` the name or alias that stood before it. */
export type CommandRun = (context: CommandContext, tail: string, typed?: string) => Job<Reply<readonly OutputNode[]>>;

export interface CommandSpec {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly group: 'analysis' | 'stack' | 'modules' | 'registers' | 'memory' | 'expressions' | 'symbols' | 'threads' | 'help';
  readonly summary: string;
  readonly args: readonly ArgSpec[];
  readonly needs: readonly Capability[];
  readonly examples: readonly { readonly line: string; readonly fixture: string }[];
  readonly run: CommandRun;
}

export const text = (value: string): Span => ({ span: 'text', text: value });
export const line = (...spans: (Span | string)[]): OutputNode => ({ node: 'line', spans: spans.map((span) => (typeof span === 'string' ? text(span) : span)) });
export const note = (...spans: (Span | string)[]): OutputNode => ({ node: 'note', spans: spans.map((span) => (typeof span === 'string' ? text(span) : span)) });

/** The text of an answer: for the command line, for copying, for goldens. */
export function formatNodes(nodes: readonly OutputNode[]): string {
  return nodes.map((node) => node.spans.map((span) => span.text).join('')).join('\n');
}
