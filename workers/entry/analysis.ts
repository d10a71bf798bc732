/** The analysis worker: one open dump. */
import { createAnalysisWorker } from '../worlds/browser/analysisworld.ts';
import { exposeApi } from '../worlds/browser/expose.ts';

exposeApi(createAnalysisWorker());
