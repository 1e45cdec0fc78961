import { Component } from '@angular/core';
import { RouterLink, RouterOutlet } from '@angular/router';

import { LiveState } from './live/live-state';
import { ThemeToggle } from './theme/theme-toggle';

/** The frame around every page. */
@Component({
  selector: 'app-root',
  imports: [LiveState, RouterLink, RouterOutlet, ThemeToggle],
  templateUrl: './app.html',
})
export class App {
  /** An anchor alone would leave the page: addresses are relative to `<base>`. */
  protected skip(event: Event, content: HTMLElement): void {
    event.preventDefault();
    content.focus();
  }
}
