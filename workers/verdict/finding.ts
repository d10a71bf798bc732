/** What a rule writes down; judge.ts turns it into a Verdict. */
import type { MissingReason } from '../base/found.ts';
import type { Cause, Evidence, How, NextStep, Part, Place, Rival, Sureness, Text, Weight } from './verdict.ts';
import { type SlotsOf, text, type TextId } from './words.ts';
import { lineOf } from './words/lines.ts';

export interface EvidenceMore {
  readonly how?: How;
  readonly weighs?: Weight;
  readonly from?: readonly string[];
  /** Words of the program itself stand in it. */
  readonly private?: true;
}

export class Finding {
  readonly rule: string;
  headline: Text = text('h-unknown', { name: 'this dump' });
  readonly explanation: Text[] = [];
  cause: Cause = 'not-known';
  sureness: Sureness = 'not-known';
  culprit: { module?: string; part?: Part } | undefined;
  place: Place | undefined;
  detector: string | undefined;
  victim: string | undefined;
  readonly evidence: Evidence[] = [];
  readonly against: Text[] = [];
  readonly rivals: Rival[] = [];
  readonly wouldSettle: (Text & { missing?: MissingReason })[] = [];
  readonly steps: NextStep[] = [];
  /** Stands among the three whatever else is advised. */
  lastStep: Text | undefined;

  constructor(rule: string) {
    this.rule = rule;
  }

  head<I extends TextId>(id: I, args: SlotsOf<I>): this {
    this.headline = text(id, args);
    return this;
  }
  say<I extends TextId>(id: I, args: SlotsOf<I>): this {
    this.explanation.push(text(id, args));
    return this;
  }
  judge(cause: Cause, sureness: Sureness): this {
    this.cause = cause;
    this.sureness = sureness;
    return this;
  }
  /** No more than possible; a headline that says how sure it is follows. */
  weaken(): this {
    if (this.sureness === 'not-known') return this;
    this.sureness = 'possible';
    if (/^h-driver-(certain|likely)$/.test(this.headline.id)) this.headline = { ...this.headline, id: 'h-driver-possible' };
    return this;
  }
  blame(module: string | undefined, part?: Part): this {
    this.culprit = { ...(module === undefined ? {} : { module }), ...(part === undefined ? {} : { part }) };
    return this;
  }
  /** Evidence; its id is the text's, so that rules can refer to it. A second one of the same id is numbered. */
  show(says: Text, command: string, more: EvidenceMore = {}): this {
    const twins = this.evidence.filter((one) => one.says.id === says.id).length;
    const id = twins === 0 ? says.id : `${says.id}-${String(twins + 1)}`;
    const from = more.from?.filter((name) => this.evidence.some((one) => one.id === name)) ?? [];
    this.evidence.push({ id, says, command, how: more.how ?? 'read', weighs: more.weighs ?? 'for', from, ...(more.private ? { private: true } : {}) });
    return this;
  }
  oppose<I extends TextId>(id: I, args: SlotsOf<I>): this {
    this.against.push(text(id, args));
    return this;
  }
  rival(one: { readonly module?: string; readonly part?: Part }, why: Text): this {
    this.rivals.push({ ...one, why });
    return this;
  }
  settle<I extends TextId>(id: I, args: SlotsOf<I>): this {
    if (!this.wouldSettle.some((one) => one.id === id)) this.wouldSettle.push(text(id, args));
    return this;
  }
  /** Of a program on another system: the commands are Windows'. */
  dropCommands(): void {
    this.steps.splice(0, this.steps.length, ...this.steps.map(({ says }) => ({ says })));
  }
  /** A step twice, or a fourth, is left out. */
  step(says: Text, copy = lineOf(says)): this {
    if (this.steps.length < 3 && !this.steps.some((one) => one.says.id === says.id)) this.steps.push(copy === undefined ? { says } : { says, copy });
    return this;
  }
}
