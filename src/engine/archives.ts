/** Takes the dumps out of archives before they are opened. */
import type { ProgressNote } from '../../workers/api/analysis.ts';
import type { Problem } from '../../workers/base/problem.ts';
import { Engine, progressPort } from './client.ts';
import { HEAD_BYTES, archiveKind } from './values.ts';

export interface Taken {
  readonly files: readonly File[];
  readonly failed: readonly { readonly name: string; readonly problem: Problem }[];
}

/** What is unpacked belongs to this page: the lock tells other tabs so until it is closed. */
let owner: string | undefined;
function ownerOfThisPage(): string {
  if (owner === undefined) {
    owner = crypto.randomUUID();
    void navigator.locks?.request(`faultline-unpacked-${owner}`, () => new Promise(() => undefined));
  }
  return owner;
}

async function isArchive(file: File): Promise<boolean> {
  try {
    return archiveKind(new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer())) !== undefined;
  } catch (thrown) {
    // A file that may not be read says so when it is opened.
    if (thrown instanceof DOMException) return false;
    throw thrown;
  }
}

export class Unpacking {
  readonly #engine = new Engine();

  async take(files: readonly File[], tell: (note: ProgressNote) => void): Promise<Taken> {
    const taken: File[] = [];
    const failed: { name: string; problem: Problem }[] = [];
    for (const file of files) {
      if (!(await isArchive(file))) {
        taken.push(file);
        continue;
      }
      const answer = await this.#engine.ask((api) => api.unpack(file, file.name, ownerOfThisPage(), progressPort(tell)));
      if (!answer.ok) failed.push({ name: file.name, problem: answer.problem });
      else {
        taken.push(...answer.value.dumps.map((dump) => new File([dump.file], dump.name)));
        failed.push(...answer.value.refused);
      }
    }
    this.#engine.end();
    return { files: taken, failed };
  }

  /** What was unpacked so far is dropped with the worker. */
  stop(): void {
    this.#engine.end();
  }

  static async needed(files: readonly File[]): Promise<boolean> {
    for (const file of files) if (await isArchive(file)) return true;
    return false;
  }
}
