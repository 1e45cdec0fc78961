import { Component, computed, inject } from '@angular/core';

import { Theme } from './theme';

@Component({
  selector: 'app-theme-toggle',
  template: `
    <button
      type="button"
      class="icon-button"
      [attr.aria-label]="'Switch to ' + other() + ' colours'"
      (click)="theme.choose(other())"
    >
      <svg viewBox="0 0 24 24" aria-hidden="true">
        @if (theme.current() === 'dark') {
          <circle cx="12" cy="12" r="4.2" />
          <path d="M12 3v2M12 19v2M3 12h2M19 12h2M5.6 5.6 7 7M17 17l1.4 1.4M5.6 18.4 7 17M17 7l1.4-1.4" />
        } @else {
          <path d="M19.5 14.2A8 8 0 0 1 9.8 4.5a8 8 0 1 0 9.7 9.7Z" />
        }
      </svg>
    </button>
  `,
})
export class ThemeToggle {
  protected readonly theme = inject(Theme);
  protected readonly other = computed(() => (this.theme.current() === 'dark' ? 'light' : 'dark'));
}
