import { Component, computed, input } from '@angular/core';

export type State = 'online' | 'offline' | 'unknown';

export function state(online: boolean | null | undefined): State {
  return online === true ? 'online' : online === false ? 'offline' : 'unknown';
}

/** Whether a device is connected, by its retained status; never by colour alone. */
@Component({
  selector: 'app-presence',
  template: '<span class="presence" [attr.data-presence]="state()">{{ state() }}</span>',
})
export class Presence {
  readonly online = input.required<boolean | null | undefined>();
  protected readonly state = computed(() => state(this.online()));
}
