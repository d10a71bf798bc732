/** How many dumps the casebook keeps, known without reading it: what the start page needs. */
const KEY = 'faultline.casebook';

function remembered(): number {
  try {
    return Number(localStorage.getItem(KEY)) || 0;
  } catch {
    // Storage is refused in some private windows: nothing is kept there either.
    return 0;
  }
}

class KeptCount {
  now = $state(remembered());
  set(count: number): void {
    this.now = count;
    try {
      localStorage.setItem(KEY, String(count));
    } catch (refused) {
      console.info('The number of kept dumps cannot be remembered here:', refused);
    }
  }
}
export const keptCount = new KeptCount();
