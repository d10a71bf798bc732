/** The casebook's texts: what several dumps say together. [owner, helper] */
import type { Text } from '../verdict.ts';
import { ADVICE } from '../words/advice.ts';
import { type Said, sayFrom, type Slots } from '../words/fill.ts';

const CASEBOOK = {
  'c-module': ['{module} is behind {k} of {n} crashes.', '{module} named by the evidence of {k} of {n} crashes.'],
  'c-core': [
    'One core of the processor fails: {k} of {n} crashes lead to it.',
    'Processor {cpu} and its neighbour on the same core in {k} of {n} crashes: core or its power, not a driver.',
  ],
  'c-page': ['The memory (RAM) fails: {k} of {n} crashes name the same spot in it.', 'Page frame {page} named by {k} of {n} crashes.'],
  'c-scattered': [
    'The crashes hit unrelated places ({places} places, {codes} codes). That is how failing hardware looks: memory first, then the processor.',
    '{n} crashes, {codes} codes, {places} places, no driver that repeats: RAM first, then CPU.',
  ],
  'c-place': [
    'Windows stops at the same place again and again ({k} of {n} times). Failing hardware does not do that, software does; which driver is behind it is not known.',
    '{place} in {k} of {n} crashes: software; the culprit is not told.',
  ],
  'c-place-app': ['The program fails at the same place again and again ({k} of {n} times): a fault in its code.', '{place} in {k} of {n} crashes.'],
  'c-part': ['{k} of {n} crashes come from the same part: {part}.', '{part} in {k} of {n} crashes.'],
  'c-mixed': ['The {n} crashes here show no common cause.', '{n} crashes without a common module, place, processor or page.'],
  'c-single': ['One crash, so no pattern yet. By itself: {headline}', 'One crash: {helper}'],
  'c-none': [
    'Nothing crashed by itself in these files: they are live reports, snapshots or stops made on purpose.',
    'Live reports, snapshots or wanted stops only.',
  ],

  'e-one': ['{times}{stop}: {headline}', '{times}{helper}'],
  'e-builds': ['Other builds of {module} were tried: {builds}. The crashes went on.', '{module} in {count} builds: {builds}.'],
  'e-same-place': [
    'In {k} crashes {what} of {module} is involved. Failing memory would hit another one each time.',
    '{place} in {k} crashes: same module and offset speaks for software.',
  ],
  'e-silent': ['{stop} names processor {cpu} as the one that stopped answering.', '{stop}: processor {cpu} silent.'],
  'e-ran-on': ['{stop} happened on processor {cpu}.', '{stop} on processor {cpu}.'],
  'e-sibling': [
    '{stop} happened on processor {cpu}: by its number most likely the other thread of the same core.',
    '{stop} on processor {cpu}, by number the SMT sibling of {of}, unless the core has one thread.',
  ],
  'e-apic': ['{stop}: a machine check inside the core with APIC id {apic}.', '{stop}: machine check, APIC id {apic}.'],
  'e-page': ['{stop} names page {page} of the memory.', '{stop}: page frame {page}.'],
  'e-hardware': ['{stop}, by itself: {headline}', '{helper}'],
  'e-place-each': ['{stop} at {place}.', '{stop} at {place}.'],
  'e-fresh': [
    '{driver} was made {days} days before the first crash here, so it was installed within these days.',
    '{driver}, built {date}, {days} days before the first crash: installed since.',
  ],
  'e-changed': ['{module} was changed between two of the crashes ({before} to {after}).', '{module}: {before} to {after} between consecutive crashes.'],
  'e-quiet': [
    'Since “{what}” on {date} there has been no crash for {days} days; before it there was one about every {every}.',
    'No crash in {days} days since “{what}” ({date}); before: one every {every}.',
  ],
  'e-wait': [
    'Since “{what}” on {date} there has been no crash, but {days} days are too few to count. From {until} on they do.',
    '{days} quiet days since “{what}” ({date}): counts from {until} (three times the usual gap).',
  ],

  'a-elsewhere': ['{stop} is not part of it: {headline}', 'Not part of it: {helper}'],
  'a-after': ['After “{what}” on {date} it came back {k} times.', 'Came back {k} times after “{what}” ({date}).'],
  'a-builds': [
    'A fault in one build of {module} would have ended with the next build.',
    '{count} builds of {module} crash alike: the device behind it, or a fault in all of them.',
  ],

  'r-device': ['The device behind {module} fails, and the driver only reports it', 'The device itself (GPU, slot, power).'],
  'r-ram': ['Faulty memory (RAM)', 'RAM, or its profile (XMP/EXPO).'],
  'r-cpu': ['The processor or its settings', 'CPU core, voltage, undervolting.'],
  'r-power': ['The power supply', 'Power delivery to the core.'],
  'r-firmware': ['The firmware (BIOS/UEFI)', 'Microcode and firmware settings.'],
  'r-driver': ['One driver that damages the memory of others', 'A driver writing where it must not: Driver Verifier would tell.'],

  's-other-build': ['A week with another build of {module}, or without it', 'Crashes, or none, with another build of {module} or without it.'],
  's-older-build': [
    'A week with an older build of {module}, one for which this processor is still listed',
    'Crashes, or none, with a build of {module} that does without {feature}.',
  ],
  's-other-device': ['A week with another device in place of the one behind {module}, or without it', 'Crashes, or none, with another device behind {module}.'],
  's-core-off': ['A week with the processor at its defaults, then a test of each core', 'Stock settings, then a per-core stress test on processor {cpu}.'],
  's-swap-memory': ['A memory test, then a week with one module at a time', 'Memory test; then one module at a time.'],
  's-more': ['More dumps of this computer', 'More dumps of the same PC.'],
  's-mark': ['A note here of each thing that you change, so that quiet days count', 'Marks of changes, so that quiet days count.'],
} as const;

const WORDS = { ...ADVICE, ...CASEBOOK } as const;
export type CaseTextId = keyof typeof WORDS;
type SlotsFor<I extends CaseTextId> = Readonly<Record<Slots<(typeof WORDS)[I][number]>, string>>;

export const caseText = <I extends CaseTextId>(id: I, args: SlotsFor<I>): Text => ({ id, args });
export const sayCase = (one: Text): Said => sayFrom(WORDS, one);
