/**
 * What a schema refuses, as one sentence: which field, what was given, what is expected, and for a name that is not
 * known the nearest one. Of a schema with alternatives the checker reports every one that failed; the sentence is of the
 * alternative that was meant, or names all that there are. Knows no route.
 */
import type { FastifySchemaValidationError } from 'fastify';
import { PyramidError } from '../../errors.ts';
import { nearest } from '../../nearest.ts';

/** As much of JSON Schema as the routes use. */
interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
}

/** An error of the checker, which is told to be `verbose`. */
interface Fault extends FastifySchemaValidationError {
  readonly parentSchema: Schema;
  readonly data: unknown;
}

/** Where a value stands that was refused: Fastify's names for the parts of a request. */
const PLACES: Readonly<Record<string, string>> = { querystring: ' of the address', params: ' in the path' };

/** MP_REQUEST for what a checker found: at least one fault. */
export function schemaError(faults: readonly FastifySchemaValidationError[], part: string): PyramidError {
  const fault = meant(faults as readonly Fault[]);
  const at = nameOf(fault.instancePath);
  const place = PLACES[part] ?? '';
  const { parentSchema, data } = fault;
  const known = Object.keys(parentSchema.properties ?? {});
  const inside = at === '' ? place : ` in ${at}${place}`;
  if (fault.keyword === 'additionalProperties') {
    const name = String(fault.params.additionalProperty);
    const near = nearest(name, known);
    const todo = near === null ? `the fields are ${known.join(', ')}` : `did you mean "${near}"?`;
    return refused(`the field "${brief(name)}"${inside} is not known: ${todo}`);
  }
  if (fault.keyword === 'required') {
    const name = String(fault.params.missingProperty);
    const others = Object.keys(data as object).filter((key) => !known.includes(key));
    const near = nearest(name, others);
    return refused(
      `the field "${name}"${inside} is missing${near === null ? '' : `: did you write "${near}" for it?`}`,
    );
  }
  const what = at === '' ? 'the body' : at;
  return refused(`${what}${place} is ${described(data)}: give ${expected(parentSchema)}`);
}

const refused = (problem: string) => new PyramidError('MP_REQUEST', { problem });

/**
 * The fault to tell of. Where alternatives were tried, those of another type than the value were not meant; if none is
 * left, the alternatives of the innermost value are told.
 */
function meant(faults: readonly Fault[]): Fault {
  const tried = new Set(faults.filter(({ keyword }) => keyword === 'anyOf').map(({ instancePath }) => instancePath));
  const isOther = ({ keyword, instancePath }: Fault) =>
    keyword === 'anyOf' || (['type', 'const'].includes(keyword) && tried.has(instancePath));
  const depth = ({ instancePath }: Fault) => instancePath.split('/').length;
  const deepest = (some: readonly Fault[]) => some.reduce((best, one) => (depth(one) > depth(best) ? one : best));
  const choices = faults.filter(({ keyword }) => keyword === 'anyOf').reverse(); // of one value the outermost first
  if (choices.length === 0) return faults[0];
  const choice = deepest(choices);
  const own = faults.filter((fault) => !isOther(fault) && depth(fault) >= depth(choice));
  return own.length > 0 ? deepest(own) : choice;
}

/** A JSON pointer as people write it: `inputs[0].text`. */
const nameOf = (pointer: string): string =>
  pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((part, i) => (/^\d+$/.test(part) ? `[${part}]` : `${i === 0 ? '' : '.'}${brief(part)}`))
    .join('');

function described(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'string') return value === '' ? 'an empty string' : ofString(value);
  return `${String(value)}${typeof value === 'number' ? ', a number' : ''}`;
}

/** A word may be a value that is not known; a text in the wrong place is not given back, since errors are kept where texts are not. */
const ofString = (value: string): string =>
  /^\S{1,12}$/.test(value) ? `the string "${value}"` : `a string of ${value.length} characters`;

/** What a schema takes, in words. */
function expected(schema: Schema): string {
  const choices: string[] = [];
  for (const one of alternatives(schema)) {
    const words = one.type === 'array' ? listOf(one, choices) : single(one);
    if (!choices.includes(words)) choices.push(words);
  }
  const last = choices.pop()!;
  return choices.length === 0 ? last : `${choices.join(', ')}${choices.length > 1 ? ',' : ''} or ${last}`;
}

const alternatives = (schema: Schema): Schema[] => (schema.anyOf ? schema.anyOf.flatMap(alternatives) : [schema]);

function single(schema: Schema): string {
  if ('const' in schema) return JSON.stringify(schema.const);
  const { type, minimum, maximum, exclusiveMinimum, minLength, maxLength, properties } = schema;
  switch (type) {
    case 'string':
      return `a string${range(minLength, maxLength, ' of ', ' characters')}`;
    case 'integer':
      return `a whole number${range(minimum, maximum, ' ', '')}`;
    case 'number':
      if (exclusiveMinimum !== undefined) return `a number above ${exclusiveMinimum}`;
      return `a number${range(minimum, maximum, ' ', '')}`;
    case 'boolean':
      return 'true or false';
    case 'null':
      return 'null';
    case 'object':
      return properties ? `an object of ${Object.keys(properties).join(', ')}` : 'an object';
    default:
      return 'another value';
  }
}

function listOf({ items = {}, minItems, maxItems }: Schema, before: readonly string[]): string {
  const kinds = alternatives(items).map((one) => (one.type === 'array' ? 'a list' : single(one)));
  const isOfThose = kinds.length > 1 && kinds.every((words) => before.includes(words));
  const size = maxItems === undefined ? '' : range(minItems, maxItems, ' of ', '');
  const least = maxItems === undefined && minItems ? ' that is not empty' : '';
  if (isOfThose) return `a list of those${least}`;
  if (kinds.length > 1) return `a list${size}${least}`;
  return size === ''
    ? `a list of ${kinds[0].replace(/^an? /, '')}s${least}`
    : `a list${size} ${kinds[0].replace(/^an? /, '')}s`;
}

function range(least: number | undefined, most: number | undefined, before: string, after: string): string {
  if (least === undefined && most === undefined) return '';
  if (most === undefined) return `${before}from ${least}${after}`;
  if (least === undefined) return `${before}up to ${most}${after}`;
  return `${before}${before === ' ' ? 'from ' : ''}${least} to ${most}${after}`;
}

const brief = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}…` : text);
