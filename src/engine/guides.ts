/** The guides, which the page fills in itself; loaded when they are first looked at. */
export { GUIDES, GUIDE_GROUPS } from '../../workers/knowledge/guides/index.ts';
export { initialValues, type Guide, type KnownDump, type Section, type Values } from '../../workers/knowledge/guides/guide.ts';
