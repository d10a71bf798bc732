/** Programs that crashed or hung: events 1000, 1002 and 1026, and reports of error reporting. */
import { hex } from '../../../base/hex.ts';
import type { Knowledge } from '../../../knowledge/knowledge.ts';
import { imagesIn, labelled, low32, plain, type Reader } from './text.ts';

const PROGRAM_REPORT = /\b(APPCRASH|MoAppCrash|BEX(?:64)?|AppHang\w{0,12}|MoAppHang|CLR20r3|InPageError)\b/i;
/** Event 1002 and reports of hangs: English, German, French, Spanish, Italian, Portuguese. */
const HANG =
  /\b(?:AppHang\w{0,12}|MoAppHang|Application Hang)\b|stopped interacting with Windows|interagiert nicht mehr mit Windows|cess[ée] d.interagir avec Windows|dej[óo] de interactuar con Windows|smesso di interagire con Windows|parou de interagir com o Windows/i;
const HANG_CODE = 0xcfffffff;
const DOTNET =
  /^[ \t]*(?:Exception Info|Ausnahmeinformationen|Informations sur l.exception|Información de la excepción)\s{0,2}:?[ \t]*:?[ \t]*([\w.+]{3,120}Exception)\b/im;
const DOTNET_CODE = 0xe0434352;

/** "name: Cities Skylines.exe, version …": a name may hold blanks where a label and a comma stand around it. */
const programIn = (text: string): string | undefined =>
  /:[ \t]*([^:,\\/\r\n]{1,80}\.exe)[ \t]*(?:,|$)/im.exec(text)?.[1]?.trim() ?? imagesIn(text).find((name) => /\.exe$/i.test(name));

const CODE = /(?:^|[^0-9a-z])(?:0x)?((?:c0|80|e0|40|c6|cf)[0-9a-f]{6})(?![0-9a-z`])/gi;
/** Time stamps have eight digits too: a code that a table knows comes first. */
function codeIn(text: string, knowledge: Knowledge): number | undefined {
  const codes = [...text.slice(0, 20_000).matchAll(CODE)].map(([, digits = '0']) => low32(plain(digits)));
  return codes.find((code) => knowledge.exception(code)) ?? codes[0];
}

/** In every language the line behind the exception code holds the offset; in a report it is P8. */
const OFFSET = /(?:0x)?(?:c0|80|e0|40|c6|cf)[0-9a-f]{6}[ \t]{0,4}\r?\n[^\r\n:：]{1,60}[:：][ \t]{0,4}(?:0x)?([0-9a-f]{4,16})\b/i;
function offsetNote(text: string, module: string | undefined): string[] {
  const offset = OFFSET.exec(text)?.[1] ?? labelled(text, 'P8');
  return module === undefined || offset === undefined || !/^(?:0x)?[0-9a-f]{4,16}$/i.test(offset) ? [] : [`It happened at ${module}+${hex(plain(offset))}.`];
}

/** The module: the second name of the entry, which may be the program itself, or "unknown". */
const SECOND = /:[ \t]*[^:,，\\/\r\n]{1,80}\.exe[ \t]*[,，][^\r\n]{0,200}\r?\n[^\r\n:：]{1,60}[:：][ \t]*([^:,，\\/\r\n]{1,80}?)[ \t]*[,，]/i;
function moduleIn(text: string): string | undefined {
  const second = SECOND.exec(text)?.[1];
  if (second !== undefined) return /^(?:unknown|unbekannt|inconnu|desconocido|desconhecido|未知)$/i.test(second) ? undefined : second;
  return imagesIn(text).find((name) => !/\.exe$/i.test(name));
}

const RUNTIMES = /^(?:ntdll|kernelbase|kernel32|ucrtbase|msvcr\w*|vcruntime\w*|clr|coreclr|combase|windows\.ui\.xaml|unknown)(?:\.dll)?$/i;
const runtimeNote = (module: string | undefined): string[] =>
  module === undefined || !RUNTIMES.test(module)
    ? []
    : [`${module} is where it was noticed or raised. The caller did it: only a dump of the program shows who that is.`];

export const readProgramReport: Reader = (text, knowledge) => {
  const program = programIn(text);
  if (program === undefined) return undefined;
  const dotnet = DOTNET.exec(text)?.[1];
  const hang = HANG.test(text);
  const code = codeIn(text, knowledge) ?? (hang ? HANG_CODE : dotnet === undefined ? undefined : DOTNET_CODE);
  if (code === undefined && !PROGRAM_REPORT.test(text)) return undefined;
  const module = hang ? undefined : moduleIn(text);
  return {
    kind: 'program-report',
    program,
    modules: module === undefined ? [] : [module],
    ...(code === undefined ? {} : { status: { code } }),
    notes: [
      ...(dotnet === undefined ? [] : [`The program ended by ${dotnet}, which it did not catch. The lines behind it are its stack.`]),
      ...offsetNote(text, module),
      ...runtimeNote(module),
    ],
  };
};
