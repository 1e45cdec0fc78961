import { Routes } from '@angular/router';

import { FleetPage } from './fleet/fleet-page';

export const routes: Routes = [
  { path: '', component: FleetPage, title: 'Fleet · Fieldline' },
  {
    path: 'devices/:device',
    loadComponent: async () => (await import('./device/device-page')).DevicePage,
  },
  { path: '**', redirectTo: '' },
];
