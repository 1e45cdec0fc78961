import { DestroyRef, Directive, ElementRef, inject, signal } from '@angular/core';

/** Knows whether its element is on the screen or nearly so, so that what is far off costs nothing. */
@Directive({ selector: '[appSeen]', exportAs: 'appSeen' })
export class Seen {
  private readonly onScreen = signal(false);
  readonly now = this.onScreen.asReadonly();

  constructor() {
    const element = inject<ElementRef<HTMLElement>>(ElementRef).nativeElement;
    const observer = new IntersectionObserver(
      (entries) => {
        this.onScreen.set(entries.at(-1)?.isIntersecting ?? false);
      },
      { rootMargin: '200px' },
    );
    observer.observe(element);
    inject(DestroyRef).onDestroy(() => {
      observer.disconnect();
    });
  }
}
