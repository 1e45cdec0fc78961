import { Component } from '@angular/core';

/** What a new installation shows: how to make the first reading appear here. */
@Component({
  selector: 'app-no-devices',
  template: `
    <section class="empty">
      <h2>No devices yet</h2>
      <p>A device appears here with its first reading. Publish one to the broker, and watch this page:</p>
      <pre><code>mosquitto_pub -h {{ host }} -q 1 \\
  -t devices/greenhouse-1/telemetry \\
  -m '{{ reading }}'</code></pre>
    </section>
  `,
})
export class NoDevices {
  protected readonly host = location.hostname;
  protected readonly reading = '{"temperature": 21.4, "humidity": 40.2}';
}
