import { defineResource } from '../spine/resource.ts';
import type { Pool } from './pool.ts';

/** The pool of the daemon that an operation runs in. */
export const POOL = defineResource<Pool>('pool');
