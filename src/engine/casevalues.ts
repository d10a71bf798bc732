/** Pure functions of the casebook that its views need at run time. */
export { buildOf, changeWords, compareDrivers, driverHistory } from '../../workers/verdict/casebook/drivers.ts';
export { isCrash, isGap, isKernel, keptOr } from '../../workers/verdict/casebook/facts.ts';
export { MAX_PC } from '../../workers/verdict/casebook/file.ts';
export { TELLING } from '../../workers/verdict/casebook/likeness.ts';
export { stopOf } from '../../workers/verdict/casebook/finding.ts';
export { MARK_ABOUT } from '../../workers/verdict/casebook/marks.ts';
export { sayCase } from '../../workers/verdict/casebook/words.ts';
export { guideOf } from '../../workers/verdict/words/guides.ts';
