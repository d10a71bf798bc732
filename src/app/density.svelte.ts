export type Density = 'compact' | 'comfortable';
const KEY = 'faultline.density';

/** How closely rows and words stand. The choice is read before the first paint by public/theme.js; this changes it. */
class DensityChoice {
  now = $state<Density>(document.documentElement.dataset['density'] === 'comfortable' ? 'comfortable' : 'compact');

  next(): void {
    this.set(this.now === 'compact' ? 'comfortable' : 'compact');
  }
  set(density: Density): void {
    if (density === 'compact') delete document.documentElement.dataset['density'];
    else document.documentElement.dataset['density'] = density;
    this.now = density;
    try {
      if (density === 'compact') localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, density);
    } catch (refused) {
      console.info('The density cannot be remembered here:', refused);
    }
  }
}

export const density = new DensityChoice();
