/** Kernel memory that grows: who takes it. windows-driver-docs, devtest/poolmon and debugger/using-poolmon-to-find-a-kernel-mode-memory-leak. */
import type { Guide } from './guide.ts';
import { commands } from './registry.ts';

/** Four characters of a tag; `findstr` would read others as a pattern. */
const tagOf = (text: string | undefined): string => (/^[\w +-]{1,4}$/.test(text ?? '') ? (text ?? '') : 'Leak');

export const POOL_LEAK: Guide = {
  id: 'pool-leak',
  group: 'drivers',
  title: 'Kernel memory grows: find the driver',
  lead: 'Each block of kernel memory carries four letters, its tag. A tag whose blocks are taken but not given back leads to the driver.',
  fields: [{ kind: 'text', id: 'tag', label: 'Tag', initial: 'Leak', placeholder: 'four letters' }],
  build: (values) => {
    const tag = tagOf(values['tag']);
    return [
      {
        kind: 'steps',
        title: 'See whether it is the kernel at all',
        lines: [
          'Task Manager, Performance, Memory: “Paged pool” and “Non-paged pool” that grow by the hour are a leak of a driver.',
          'If only “In use” grows, it is a program: sort the Processes by memory.',
        ],
      },
      commands(
        'query',
        'Which tag grows',
        {
          cmd: ['poolmon -b -p', 'poolmon -n before.txt', 'poolmon -n after.txt'],
          powershell: ['poolmon -b -p', 'poolmon -n before.txt', 'poolmon -n after.txt'],
        },
        'PoolMon comes with the Windows driver kit. -b sorts by bytes; P changes between paged and non-paged. Take two pictures an hour apart: the tag with the greatest difference of “Diff” is the one.',
      ),
      commands(
        'query',
        `Which driver uses the tag ${tag}`,
        {
          cmd: [`findstr /m /l "${tag}" C:\\Windows\\System32\\drivers\\*.sys`],
          powershell: [
            `Select-String -Path C:\\Windows\\System32\\drivers\\*.sys -Pattern '${tag}' -SimpleMatch -CaseSensitive -List | Select-Object -ExpandProperty Path`,
          ],
        },
        'A hit is a hint, not a proof: four letters can stand in a file by chance.',
      ),
      {
        kind: 'text',
        title: 'With a dump',
        lines: [
          'A kernel dump holds the same table: !poolused 2 in the console shows tags by non-paged bytes, 4 by paged bytes, where the dump holds it.',
          'Two dumps of the same computer, hours apart, show what grew. Pool tracking of Driver Verifier (guide) notes who took each block.',
        ],
      },
      commands(
        'verify',
        'After the driver was updated or removed',
        { cmd: ['poolmon -n later.txt'], powershell: ['Get-Counter "\\Memory\\Pool Nonpaged Bytes", "\\Memory\\Pool Paged Bytes"'] },
        'The tag must no longer grow. Nothing was changed on the computer by looking, so there is nothing to take back.',
      ),
    ];
  },
  sources: ['windows-driver-docs, debugger/using-poolmon-to-find-a-kernel-mode-memory-leak and devtest/poolmon'],
};
