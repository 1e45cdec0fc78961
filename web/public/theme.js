// Sets the chosen theme before the first paint; a file of its own, so that a strict CSP allows it.
document.documentElement.dataset.theme = localStorage.getItem('theme') ?? '';
