/**
 * The decoder's wasm in the browser: a file of its own beside the worker, fetched on first use from our own origin.
 * The analysis worker gives up `fetch` at start, so it calls this before, or is handed the compiled module.
 */
import url from 'iced-x86/iced_x86_bg.wasm?url';

export async function decoderModule(): Promise<WebAssembly.Module> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`the disassembler could not be loaded: ${answer.status}`);
  // A host that serves another type than application/wasm must not stop it.
  const wasm = answer.headers.get('content-type')?.startsWith('application/wasm') ?? false;
  return wasm ? WebAssembly.compileStreaming(answer) : WebAssembly.compile(await answer.arrayBuffer());
}
