/**
 * Script addresses for workers under `require-trusted-types-for 'script'`. The policy lets nothing pass but scripts of this
 * page's own origin (https://w3c.github.io/trusted-types/dist/spec/).
 */
interface ScriptPolicy {
  createScriptURL(url: string): string;
}
interface TrustedTypesFactory {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): ScriptPolicy;
}

export function ownOrigin(url: string): string {
  const absolute = new URL(url, location.href);
  if (absolute.origin !== location.origin) throw new TypeError(`A script of ${absolute.origin} was refused`);
  return absolute.href;
}

let policy: ScriptPolicy | undefined;

/** Typed as a string since the DOM library knows no TrustedScriptURL yet. */
export function trustedScript(url: string): string {
  const factory = (globalThis as { trustedTypes?: TrustedTypesFactory }).trustedTypes;
  policy ??= factory ? factory.createPolicy('faultline-worker', { createScriptURL: ownOrigin }) : { createScriptURL: ownOrigin };
  return policy.createScriptURL(url);
}
