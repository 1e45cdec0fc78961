import { Component, computed, inject } from '@angular/core';

import { Live } from './live';
import type { LinkState } from './link';

const LABELS: Record<LinkState, string> = {
  connecting: 'Connecting',
  live: 'Live',
  reconnecting: 'Reconnecting',
  polling: 'Polling every 5 s',
};

/** How values come onto the screen right now, in the page's header. */
@Component({
  selector: 'app-live-state',
  template: '<span class="live-state" role="status" [attr.data-state]="live.state()">{{ label() }}</span>',
})
export class LiveState {
  protected readonly live = inject(Live);
  protected readonly label = computed(() => LABELS[this.live.state()]);
}
