import { Service, signal } from '@angular/core';

export type Colours = 'light' | 'dark';

/** Light or dark: the system's until somebody chooses, and then kept in this browser. */
@Service()
export class Theme {
  private readonly now = signal(colours());
  readonly current = this.now.asReadonly();

  constructor() {
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      this.now.set(colours());
    });
  }

  choose(theme: Colours): void {
    document.documentElement.dataset['theme'] = theme;
    localStorage.setItem('theme', theme);
    this.now.set(colours());
  }
}

function colours(): Colours {
  const chosen = document.documentElement.dataset['theme'];
  const dark = chosen ? chosen === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  return dark ? 'dark' : 'light';
}
