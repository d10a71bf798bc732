/** Single-letter keys can be switched off (WCAG 2.1.4) and do nothing where one types. */
const KEY = 'faultline.singleKeys';

function remembered(): boolean {
  try {
    return localStorage.getItem(KEY) !== 'off';
  } catch {
    // Storage is refused in some private windows: the keys are then on, as at the first visit.
    return true;
  }
}

class SingleKeys {
  on = $state(remembered());
  set(on: boolean): void {
    this.on = on;
    try {
      localStorage.setItem(KEY, on ? 'on' : 'off');
    } catch (refused) {
      console.info('The choice cannot be remembered here:', refused);
    }
  }
}
export const singleKeys = new SingleKeys();

export function isTyping(event: KeyboardEvent): boolean {
  const target = event.target;
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}
