// Runs before the first paint: the chosen theme stands on <html>, so that no wrong colours flash up.
// Storage may be refused (private windows); the system's choice then stands.
(function () {
  let choice = null;
  try {
    choice = localStorage.getItem('faultline.theme');
  } catch (refused) {
    console.info('The theme cannot be remembered here:', refused.name);
  }
  if (choice === 'light' || choice === 'dark') document.documentElement.dataset.theme = choice;
})();
