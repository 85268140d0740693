/** The public library. */
export { catalogue, type ErrorCode, PyramidError } from './errors.ts';
