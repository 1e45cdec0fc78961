import { Component, inject } from '@angular/core';

import { Live } from './live';

/** Says plainly that the live socket can't be had and what happens instead. */
@Component({
  selector: 'app-live-notice',
  template: `
    <div role="alert">
      @if (live.state() === 'polling') {
        <p class="notice">
          <strong>The live connection can’t be had.</strong>
          Values are polled every 5 seconds; the live stream returns by itself.
        </p>
      }
    </div>
  `,
})
export class LiveNotice {
  protected readonly live = inject(Live);
}
