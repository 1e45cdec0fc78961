/** The names that the app uses for the shapes in `schema.ts`, which is generated from OpenAPI. */
import type { paths } from './schema';

export type Route = keyof paths;

export type Answer<R extends Route> = paths[R] extends {
  get: { responses: { 200: { content: { 'application/json': infer Body } } } };
}
  ? Body
  : never;

export type Device = Answer<'/api/v1/devices/{device}'>;
export type Devices = Answer<'/api/v1/devices'>;
export type Page = Answer<'/api/v1/readings'>;

export type Series = Device['series'][number];
export type Kind = Series['kind'];
export type Value = number | string | boolean;
