// Runs before the first paint: the chosen theme and density stand on <html>, so that nothing flashes up or jumps.
// Storage may be refused (private windows); the system's choice then stands, and compact.
(function () {
  const chosen = {};
  try {
    chosen.theme = localStorage.getItem('faultline.theme');
    chosen.density = localStorage.getItem('faultline.density');
  } catch (refused) {
    console.info('Theme and density cannot be remembered here:', refused.name);
  }
  if (chosen.theme === 'light' || chosen.theme === 'dark') document.documentElement.dataset.theme = chosen.theme;
  if (chosen.density === 'comfortable') document.documentElement.dataset.density = 'comfortable';
})();
