import { HttpErrorResponse, type HttpEvent, type HttpInterceptorFn, HttpResponse } from '@angular/common/http';
import { tap } from 'rxjs';

import { serverTime } from '../time/clock';

/** Learns the server's time from all that resources ask for: the registry comes first, and what follows counts from now. */
export const hearTime: HttpInterceptorFn = (request, next) => {
  const hear = (answer: unknown) => {
    if (answer instanceof HttpResponse || answer instanceof HttpErrorResponse) {
      serverTime.hear(answer.headers.get('date'));
    }
  };
  return next(request).pipe(tap<HttpEvent<unknown>>({ next: hear, error: hear }));
};
