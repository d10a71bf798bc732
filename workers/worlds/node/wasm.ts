/** The decoder's wasm in Node: read from the installed package, compiled once. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

let compiled: WebAssembly.Module | undefined;

export function decoderModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(readFileSync(createRequire(import.meta.url).resolve('iced-x86/iced_x86_bg.wasm')));
  return compiled;
}
