import type { Store } from '../store/store.ts';
import { defineResource } from './resource.ts';

/** The daemon's store. */
export const STORE = defineResource<Store>('store');
