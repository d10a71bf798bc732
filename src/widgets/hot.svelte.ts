/** The value under the pointer: equal values elsewhere on the page are marked. And the menu of an address. */
class Hot {
  value = $state.raw<bigint | null>(null);
}
export const hot = new Hot();

class AddressMenuState {
  at = $state.raw<{ readonly value: bigint; readonly x: number; readonly y: number; readonly from: HTMLElement } | null>(null);
}
export const addressMenu = new AddressMenuState();
