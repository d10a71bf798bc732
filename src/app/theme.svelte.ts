export type Theme = 'system' | 'light' | 'dark';
const KEY = 'faultline.theme';
const ORDER: readonly Theme[] = ['system', 'light', 'dark'];

/** The choice is read before the first paint by public/theme.js; this changes it. */
class ThemeChoice {
  now = $state<Theme>(
    document.documentElement.dataset['theme'] === 'dark' ? 'dark' : document.documentElement.dataset['theme'] === 'light' ? 'light' : 'system',
  );

  next(): void {
    this.set(ORDER[(ORDER.indexOf(this.now) + 1) % ORDER.length] ?? 'system');
  }
  set(theme: Theme): void {
    this.now = theme;
    if (theme === 'system') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = theme;
    try {
      if (theme === 'system') localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, theme);
    } catch (refused) {
      console.info('The theme cannot be remembered here:', refused);
    }
  }
}

export const theme = new ThemeChoice();
